package dev.dunlin.console.security;

import dev.dunlin.account.SignedUp;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.web.context.HttpSessionSecurityContextRepository;
import org.springframework.stereotype.Component;

/** Logging in: after signing up without asking again, and what the log-in page has to say of the latest attempt. */
@Component
public class LogIn {
    static final String PATH = "/login";
    private static final String LATEST = LogIn.class.getName() + ".latest";
    private static final int MAX_EMAIL = 254;

    /**
     * A log-in that did not succeed.
     *
     * @param waitSeconds how long there may be no other; 0 if it was the password or the address that is wrong
     */
    public record Failure(String email, long waitSeconds) implements Serializable {}

    private final People people;

    LogIn(People people) {
        this.people = people;
    }

    /** Logs the person in who has just signed up, in a session with another id than the one before. */
    public void afterSignUp(SignedUp signedUp, HttpServletRequest request, HttpServletResponse response) {
        var user = people.justSignedUp(signedUp.account(), signedUp.tenant());
        var context = SecurityContextHolder.createEmptyContext();
        context.setAuthentication(UsernamePasswordAuthenticationToken.authenticated(user, null, user.getAuthorities()));
        SecurityContextHolder.setContext(context);
        var session = request.getSession(false);
        if (session != null) {
            session.invalidate();
        }
        request.getSession(true);
        new HttpSessionSecurityContextRepository().saveContext(context, request, response);
    }

    /** What went wrong with the latest log-in of this session, told once. */
    public static @Nullable Failure takeFailure(HttpServletRequest request) {
        var session = request.getSession(false);
        if (session == null || !(session.getAttribute(LATEST) instanceof Failure failure)) {
            return null;
        }
        session.removeAttribute(LATEST);
        return failure;
    }

    static void remember(HttpServletRequest request, String email, long waitSeconds) {
        var shortened = email.length() > MAX_EMAIL ? email.substring(0, MAX_EMAIL) : email;
        request.getSession().setAttribute(LATEST, new Failure(shortened, waitSeconds));
    }

    static String emailOf(HttpServletRequest request) {
        var email = request.getParameter("email");
        return email == null ? "" : email;
    }
}
