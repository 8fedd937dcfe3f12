package dev.dunlin.console.live;

import dev.dunlin.console.process.MqttEndpoints;
import dev.dunlin.console.security.TenantUser;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.live.LiveTokens;
import java.time.Instant;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;

/** The Live page, and a new token for each of its connections. */
@Controller
class LiveController {
    private static final int NONE = -1;

    /** What the page logs in to the broker with. */
    record Token(String userName, String password, Instant connectBefore) {}

    private final LiveTokens tokens;
    private final MqttEndpoints endpoints;

    LiveController(LiveTokens tokens, MqttEndpoints endpoints) {
        this.tokens = tokens;
        this.endpoints = endpoints;
    }

    @GetMapping("/live")
    String live(TenantUser user, Model model) {
        model.addAttribute("wsPort", endpoints.port(Transport.WS).orElse(NONE));
        model.addAttribute("wssPort", endpoints.port(Transport.WSS).orElse(NONE));
        return "live/live";
    }

    @PostMapping("/live/token")
    ResponseEntity<Token> token(TenantUser user) {
        var issued = tokens.issue(user.tenantId(), user.accountId(), user.role());
        return ResponseEntity.ok()
                .cacheControl(CacheControl.noStore())
                .body(new Token(issued.userName(), issued.password(), issued.connectBefore()));
    }
}
