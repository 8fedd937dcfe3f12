package dev.dunlin.console.problem;

import dev.dunlin.console.security.TenantUser;
import dev.dunlin.credential.CredentialView;
import dev.dunlin.credential.Credentials;
import dev.dunlin.incident.IncidentLog;
import java.util.stream.Collectors;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** The latest refusals of the tenant. */
@Controller
class ProblemController {
    private static final int SHOWN = 100;

    private final IncidentLog incidents;
    private final Credentials credentials;
    private final ProblemWords words;

    ProblemController(IncidentLog incidents, Credentials credentials, ProblemWords words) {
        this.incidents = incidents;
        this.credentials = credentials;
        this.words = words;
    }

    @GetMapping("/problems")
    String list(TenantUser user, Model model) {
        fill(user, model);
        return "problem/list";
    }

    @GetMapping("/problem-rows")
    String rows(TenantUser user, Model model) {
        fill(user, model);
        return "problem/list :: rows";
    }

    @PostMapping("/problems/clear")
    String clear(TenantUser user, RedirectAttributes flash) {
        incidents.clear(user.tenantId());
        flash.addFlashAttribute("notice", "problems.cleared");
        return "redirect:/problems";
    }

    private void fill(TenantUser user, Model model) {
        var known = credentials.list(user.tenantId()).stream()
                .map(CredentialView::name)
                .collect(Collectors.toSet());
        model.addAttribute(
                "problems",
                incidents.recent(user.tenantId(), SHOWN).stream()
                        .map(incident -> words.inWords(
                                incident, incident.credential() != null && known.contains(incident.credential())))
                        .toList());
    }
}
