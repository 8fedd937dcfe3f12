package dev.dunlin.console.account;

import dev.dunlin.account.NewAccount;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.Objects;

/** What a newcomer enters. */
record SignUpForm(
        @NotBlank(message = "{signUp.email.missing}")
        @Size(max = 254, message = "{signUp.email.wrong}")
        @Pattern(regexp = "\\s*([^\\s@]+@[^\\s@]+)?\\s*", message = "{signUp.email.wrong}")
        String email,

        @Size(min = 10, max = 200, message = "{signUp.password.size}")
        String password,

        @Size(max = 80, message = "{signUp.workspace.size}") String workspace) {

    static SignUpForm empty() {
        return new SignUpForm("", "", "");
    }

    /** A request need not come from our own form, and may leave fields out. */
    SignUpForm {
        email = Objects.requireNonNullElse(email, "");
        password = Objects.requireNonNullElse(password, "");
        workspace = Objects.requireNonNullElse(workspace, "");
    }

    NewAccount toNewAccount() {
        return new NewAccount(email, password, workspace);
    }

    /** Says nothing of the password. */
    @Override
    public String toString() {
        return "SignUpForm[" + email + "]";
    }
}
