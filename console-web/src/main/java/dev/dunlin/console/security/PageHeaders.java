package dev.dunlin.console.security;

import dev.dunlin.console.process.MqttEndpoints;
import dev.dunlin.engine.port.Transport;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.regex.Pattern;
import org.springframework.security.web.header.HeaderWriter;

/**
 * The Content Security Policy: everything from here, nothing inline, and connections besides to the broker's WebSocket
 * listeners on the host that the page came from, which Live needs.
 */
final class PageHeaders implements HeaderWriter {
    /** What may stand in a host source; anything else gets no WebSocket rather than a header of its own making. */
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}]");

    private final MqttEndpoints endpoints;

    PageHeaders(MqttEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @Override
    public void writeHeaders(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader(
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'"
                        + webSockets(request.getServerName())
                        + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    }

    private String webSockets(String host) {
        if (!HOST.matcher(host).matches()) {
            return "";
        }
        var ws = endpoints
                .port(Transport.WS)
                .map(port -> " ws://" + host + ":" + port)
                .orElse("");
        var wss = endpoints
                .port(Transport.WSS)
                .map(port -> " wss://" + host + ":" + port)
                .orElse("");
        return ws + wss;
    }
}
