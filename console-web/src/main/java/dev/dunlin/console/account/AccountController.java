package dev.dunlin.console.account;

import dev.dunlin.account.Accounts;
import dev.dunlin.account.EmailTakenException;
import dev.dunlin.console.device.FreshSecrets;
import dev.dunlin.console.security.CurrentUser;
import dev.dunlin.console.security.LogIn;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** Home, sign-up and log-in. Who is inside already goes to the devices. */
@Controller
class AccountController {
    private static final String INSIDE = "redirect:/devices";

    private final Accounts accounts;
    private final LogIn logIn;

    AccountController(Accounts accounts, LogIn logIn) {
        this.accounts = accounts;
        this.logIn = logIn;
    }

    @GetMapping("/")
    String home() {
        return CurrentUser.get().isPresent() ? INSIDE : "home/home";
    }

    @GetMapping("/sign-up")
    String signUp(Model model) {
        if (CurrentUser.get().isPresent()) {
            return INSIDE;
        }
        model.addAttribute("form", SignUpForm.empty());
        return "account/sign-up";
    }

    @PostMapping("/sign-up")
    String signUp(
            @Valid @ModelAttribute("form") SignUpForm form,
            BindingResult errors,
            HttpServletRequest request,
            HttpServletResponse response) {
        if (errors.hasErrors()) {
            return "account/sign-up";
        }
        try {
            var signedUp = accounts.signUp(form.toNewAccount());
            logIn.afterSignUp(signedUp, request, response);
            FreshSecrets.of(request.getSession()).put(signedUp.credential());
            return "redirect:/welcome";
        } catch (EmailTakenException taken) {
            errors.rejectValue("email", "signUp.email.taken");
            return "account/sign-up";
        }
    }

    @GetMapping("/login")
    String logIn(@RequestParam(name = "out", required = false) String out, HttpServletRequest request, Model model) {
        if (CurrentUser.get().isPresent()) {
            return INSIDE;
        }
        var failure = LogIn.takeFailure(request);
        model.addAttribute("loggedOut", out != null && failure == null);
        model.addAttribute("failed", failure != null && failure.waitSeconds() == 0);
        model.addAttribute("waitSeconds", failure != null && failure.waitSeconds() > 0 ? failure.waitSeconds() : null);
        model.addAttribute("email", failure == null ? "" : failure.email());
        return "account/login";
    }
}
