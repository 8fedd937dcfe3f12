package dev.dunlin.console.device;

import dev.dunlin.console.security.TenantUser;
import dev.dunlin.credential.Certificates;
import dev.dunlin.credential.InvalidCertificateException;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** The certificates of a device, which are shown on its page. */
@Controller
class CertificateController {
    private final Certificates certificates;

    CertificateController(Certificates certificates) {
        this.certificates = certificates;
    }

    @PostMapping("/devices/{name}/certificates")
    String add(
            TenantUser user,
            @PathVariable("name") String name,
            @RequestParam(name = "pem", defaultValue = "") String pem,
            RedirectAttributes flash) {
        try {
            certificates.add(user.tenantId(), name, pem);
            flash.addFlashAttribute("notice", "certificates.added");
            return "redirect:/devices/" + name;
        } catch (InvalidCertificateException refused) {
            // What was pasted is not shown again, as it may be a private key
            flash.addFlashAttribute("certificateError", refused.getMessage());
            return "redirect:/devices/" + name + "#certificates";
        }
    }

    @PostMapping("/devices/{name}/certificates/{fingerprint}/remove")
    String remove(
            TenantUser user,
            @PathVariable("name") String name,
            @PathVariable("fingerprint") String fingerprint,
            RedirectAttributes flash) {
        certificates.remove(user.tenantId(), name, fingerprint);
        flash.addFlashAttribute("notice", "certificates.removed");
        return "redirect:/devices/" + name;
    }
}
