package dev.dunlin.console.page;

import dev.dunlin.console.security.CurrentUser;
import dev.dunlin.console.security.TenantUser;
import dev.dunlin.tenant.Role;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ModelAttribute;

/**
 * Gives every template {@code me}: who is looking, and what to offer. What is offered is not what is allowed: the filter chain
 * decides. And {@code canLookAgain}: whether the page can be asked for once more without doing something twice.
 */
@ControllerAdvice
class PageFrame {
    record Me(String email, String workspace, boolean canManage, boolean canPublish) {
        static Me of(TenantUser user) {
            return new Me(
                    user.email(),
                    user.workspace(),
                    user.role().atLeast(Role.ADMIN),
                    user.role().atLeast(Role.OPERATOR));
        }
    }

    @ModelAttribute("me")
    @Nullable
    Me me() {
        return CurrentUser.get().map(Me::of).orElse(null);
    }

    @ModelAttribute("canLookAgain")
    boolean canLookAgain(HttpServletRequest request) {
        return HttpMethod.GET.matches(request.getMethod());
    }
}
