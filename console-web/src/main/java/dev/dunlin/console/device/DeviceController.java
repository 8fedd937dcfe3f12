package dev.dunlin.console.device;

import dev.dunlin.console.security.TenantUser;
import dev.dunlin.credential.Certificates;
import dev.dunlin.credential.CredentialLimitException;
import dev.dunlin.credential.CredentialNameTakenException;
import dev.dunlin.credential.CredentialNotFoundException;
import dev.dunlin.credential.CredentialView;
import dev.dunlin.credential.Credentials;
import dev.dunlin.credential.InvalidCredentialNameException;
import dev.dunlin.credential.Template;
import dev.dunlin.permission.InvalidTopicFilterException;
import dev.dunlin.permission.PermissionLimitException;
import dev.dunlin.permission.Permissions;
import dev.dunlin.presence.PresenceBoard;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import jakarta.validation.Valid;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** The list of devices, a new one, and what is done to one. */
@Controller
class DeviceController {
    private static final int MAX_LISTED = 500;

    private final Credentials credentials;
    private final Permissions permissions;
    private final Certificates certificates;
    private final PresenceBoard presence;
    private final DevicePages pages;

    DeviceController(
            Credentials credentials,
            Permissions permissions,
            Certificates certificates,
            PresenceBoard presence,
            DevicePages pages) {
        this.credentials = credentials;
        this.permissions = permissions;
        this.certificates = certificates;
        this.presence = presence;
        this.pages = pages;
    }

    @GetMapping("/devices")
    String list(TenantUser user, @RequestParam(name = "q", defaultValue = "") String q, Model model) {
        fillList(user, q, model);
        return "device/list";
    }

    @GetMapping("/device-rows")
    String rows(TenantUser user, @RequestParam(name = "q", defaultValue = "") String q, Model model) {
        fillList(user, q, model);
        return "device/list :: table";
    }

    private void fillList(TenantUser user, String q, Model model) {
        var all = credentials.list(user.tenantId());
        var wanted = q.strip().toLowerCase(Locale.ROOT);
        var found = all.stream()
                .filter(device -> device.name().toLowerCase(Locale.ROOT).contains(wanted))
                .toList();
        model.addAttribute("q", q.strip());
        model.addAttribute("total", all.size());
        model.addAttribute("left", Math.max(0, found.size() - MAX_LISTED));
        model.addAttribute(
                "devices", found.stream().limit(MAX_LISTED).map(pages::device).toList());
    }

    @GetMapping("/new-device")
    String form(TenantUser user, Model model) {
        var suggestions = suggestions(user);
        model.addAttribute("form", DeviceForm.named(suggestions.get(0)));
        fillForm(suggestions, model);
        return "device/new";
    }

    @PostMapping("/devices")
    String create(
            TenantUser user,
            @Valid @ModelAttribute("form") @Nullable DeviceForm form,
            BindingResult errors,
            HttpSession session,
            Model model) {
        if (form == null) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST); // a value that our own form does not offer
        }
        if (!errors.hasErrors()) {
            try {
                var issued = credentials.create(user.tenantId(), form.toNewCredential(Instant.now()));
                FreshSecrets.of(session).put(issued);
                return "redirect:/devices/" + issued.credential().name() + "/connect";
            } catch (CredentialNameTakenException taken) {
                errors.rejectValue("name", "deviceNew.name.taken");
            } catch (InvalidCredentialNameException | CredentialLimitException refused) {
                errors.rejectValue("name", "", String.valueOf(refused.getMessage()));
            } catch (InvalidTopicFilterException wrong) {
                errors.rejectValue("topic", "", String.valueOf(wrong.getMessage()));
            }
        }
        fillForm(suggestions(user), model);
        return "device/new";
    }

    private static void fillForm(List<String> suggestions, Model model) {
        model.addAttribute("suggestions", suggestions);
        model.addAttribute("templates", Template.values());
    }

    /** Names that are free, since a list of taken ones helps nobody. */
    private List<String> suggestions(TenantUser user) {
        var taken = credentials.list(user.tenantId()).stream()
                .map(CredentialView::name)
                .toList();
        return Stream.of("sensor", "gateway", "esp32", "boiler", "meter")
                .map(word -> IntStream.rangeClosed(1, taken.size() + 1)
                        .mapToObj(number -> word + "-" + number)
                        .filter(name -> !taken.contains(name))
                        .findFirst()
                        .orElseThrow())
                .toList();
    }

    @GetMapping("/welcome")
    String welcome(TenantUser user, HttpServletRequest request, Model model) {
        var name = FreshSecrets.of(request.getSession())
                .latest()
                .or(() -> credentials.list(user.tenantId()).stream()
                        .map(CredentialView::name)
                        .findFirst());
        if (name.isEmpty()) {
            return "redirect:/devices";
        }
        fillConnect(user, name.get(), request, model);
        model.addAttribute("first", true);
        return "device/welcome";
    }

    @GetMapping("/devices/{name}/connect")
    String connect(TenantUser user, @PathVariable("name") String name, HttpServletRequest request, Model model) {
        fillConnect(user, name, request, model);
        model.addAttribute("first", false);
        return "device/welcome";
    }

    private void fillConnect(TenantUser user, String name, HttpServletRequest request, Model model) {
        var device = find(user, name);
        model.addAttribute(
                "connect",
                pages.connect(
                        device,
                        permissions.list(user.tenantId(), name),
                        FreshSecrets.of(request.getSession()).secretOf(name),
                        request.getServerName()));
        model.addAttribute("watch", pages.watch(device, presence.online(user.tenantId(), device.id())));
    }

    @PostMapping("/devices/{name}/done")
    String done(TenantUser user, @PathVariable("name") String name, HttpSession session) {
        FreshSecrets.of(session).forget(name);
        return "redirect:/devices/" + find(user, name).name();
    }

    @GetMapping("/devices/{name}")
    String show(TenantUser user, @PathVariable("name") String name, HttpServletRequest request, Model model) {
        model.addAttribute("form", PermissionForm.empty());
        return show(user, name, model, request);
    }

    private String show(TenantUser user, String name, Model model, HttpServletRequest request) {
        fillFacts(user, name, model);
        var rules = permissions.list(user.tenantId(), name);
        model.addAttribute("permissions", rules.stream().map(pages::rule).toList());
        model.addAttribute(
                "certificates",
                certificates.list(user.tenantId(), name).stream()
                        .map(pages::certificate)
                        .toList());
        model.addAttribute(
                "connect", pages.connect(find(user, name), rules, Optional.empty(), request.getServerName()));
        return "device/show";
    }

    @GetMapping("/devices/{name}/facts")
    String facts(TenantUser user, @PathVariable("name") String name, Model model) {
        fillFacts(user, name, model);
        return "device/show :: facts";
    }

    private void fillFacts(TenantUser user, String name, Model model) {
        var device = find(user, name);
        model.addAttribute("device", pages.device(device));
        model.addAttribute(
                "clients",
                presence.online(user.tenantId(), device.id()).stream()
                        .limit(20)
                        .map(pages::client)
                        .toList());
    }

    @PostMapping("/devices/{name}/permissions")
    String addPermission(
            TenantUser user,
            @PathVariable("name") String name,
            @Valid @ModelAttribute("form") @Nullable PermissionForm form,
            BindingResult errors,
            HttpServletRequest request,
            RedirectAttributes flash,
            Model model) {
        if (form == null) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST); // a value that our own form does not offer
        }
        if (!errors.hasErrors()) {
            try {
                permissions.add(user.tenantId(), name, form.toNewPermission());
                flash.addFlashAttribute("notice", "permissions.added");
                return backTo(name);
            } catch (InvalidTopicFilterException | PermissionLimitException refused) {
                errors.rejectValue("topicFilter", "", String.valueOf(refused.getMessage()));
            }
        }
        return show(user, name, model, request);
    }

    @PostMapping("/devices/{name}/permissions/{id}/remove")
    String removePermission(
            TenantUser user, @PathVariable("name") String name, @PathVariable("id") UUID id, RedirectAttributes flash) {
        permissions.remove(user.tenantId(), name, id);
        flash.addFlashAttribute("notice", "permissions.removed");
        return backTo(name);
    }

    @PostMapping("/devices/{name}/rotate")
    String rotate(
            TenantUser user,
            @PathVariable("name") String name,
            @RequestParam(name = "keepOld", defaultValue = "false") boolean keepOld,
            HttpSession session) {
        FreshSecrets.of(session).put(credentials.rotate(user.tenantId(), name, keepOld));
        return backTo(name) + "/connect";
    }

    @PostMapping("/devices/{name}/enabled")
    String setEnabled(
            TenantUser user,
            @PathVariable("name") String name,
            @RequestParam("enabled") boolean enabled,
            RedirectAttributes flash) {
        credentials.setEnabled(user.tenantId(), name, enabled);
        flash.addFlashAttribute("notice", enabled ? "device.enabled" : "device.disabled");
        return backTo(name);
    }

    @GetMapping("/devices/{name}/delete")
    String confirmDelete(TenantUser user, @PathVariable("name") String name, Model model) {
        model.addAttribute("device", pages.device(find(user, name)));
        model.addAttribute(
                "permissionCount",
                permissions.list(user.tenantId(), name).stream()
                        .filter(rule -> rule.group() == null)
                        .count());
        return "device/delete";
    }

    @PostMapping("/devices/{name}/delete")
    String delete(TenantUser user, @PathVariable("name") String name, HttpSession session, RedirectAttributes flash) {
        credentials.delete(user.tenantId(), name);
        FreshSecrets.of(session).forget(name);
        flash.addFlashAttribute("notice", "device.deleted");
        return "redirect:/devices";
    }

    private CredentialView find(TenantUser user, String name) {
        return credentials.find(user.tenantId(), name).orElseThrow(() -> new CredentialNotFoundException(name));
    }

    /** The name has been found among the tenant's own by then, and a name needs no escaping. */
    private static String backTo(String name) {
        return "redirect:/devices/" + name;
    }
}
