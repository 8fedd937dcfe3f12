package dev.dunlin.console.security;

import static org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher.pathPattern;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpMethod;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.web.filter.OncePerRequestFilter;

/** Turns a log-in away while its pair of address and e-mail has to wait. No bean, so that it runs in the filter chain alone. */
final class LogInGuardFilter extends OncePerRequestFilter {
    private static final RequestMatcher LOG_IN = pathPattern(HttpMethod.POST, LogIn.PATH);

    private final LogInGuard guard;

    LogInGuardFilter(LogInGuard guard) {
        this.guard = guard;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !LOG_IN.matches(request);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        var email = LogIn.emailOf(request);
        var waitSeconds = guard.begin(request.getRemoteAddr(), email);
        if (waitSeconds > 0) {
            LogIn.remember(request, email, waitSeconds);
            response.sendRedirect(request.getContextPath() + LogIn.PATH);
            return;
        }
        chain.doFilter(request, response);
    }
}
