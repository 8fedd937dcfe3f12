package dev.dunlin.provisioning;

import dev.dunlin.credential.Credentials;
import dev.dunlin.credential.DeviceCertificate;
import dev.dunlin.credential.InvalidCertificateException;
import dev.dunlin.credential.InvalidCredentialNameException;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.port.QueueLimits.WhenFull;
import dev.dunlin.permission.InvalidTopicFilterException;
import dev.dunlin.permission.NewPermission;
import dev.dunlin.permission.Permissions;
import dev.dunlin.tenant.Role;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;

/** What a provisioning file says, checked as far as that goes without the database. */
record ProvisioningFile(List<PlanSpec> plans, List<TenantSpec> tenants) {
    private static final long MAX_BYTES = 64L << 20;
    private static final int MAX_DEPTH = 20;
    private static final Pattern SLUG = Pattern.compile("[a-z0-9-]{3,32}");

    /** The names of limits in the file, in the order of TenantLimits, with the columns they are kept in. */
    static final Map<String, String> LIMIT_COLUMNS = limitColumns();

    /**
     * @param limits by column; null is no limit; what is not named is as in the plan {@code free}
     * @param whenQueueFull absent if it is as in the plan {@code free}
     */
    record PlanSpec(
            YamlNode at,
            String name,
            Map<String, @Nullable Long> limits,
            @Nullable WhenFull whenQueueFull) {}

    record TenantSpec(
            YamlNode at,
            String slug,
            @Nullable String name,
            @Nullable String plan,
            @Nullable OwnerSpec owner,
            List<TokenSpec> tokens,
            List<GroupSpec> groups,
            List<CredentialSpec> credentials) {}

    record OwnerSpec(String email, String password) {
        @Override
        public String toString() {
            return "OwnerSpec[" + email + "]";
        }
    }

    record TokenSpec(YamlNode at, String name, String token, Role role) {
        @Override
        public String toString() {
            return "TokenSpec[" + name + "]";
        }
    }

    record GroupSpec(YamlNode at, String name, List<NewPermission> permissions) {}

    /**
     * @param certificates that it may log in with beside its secret, or instead of one
     * @param permissions absent if neither rules nor groups are named: a new credential may do everything then
     */
    record CredentialSpec(
            YamlNode at,
            String name,
            @Nullable String secret,
            List<DeviceCertificate> certificates,
            List<String> groups,
            @Nullable List<NewPermission> permissions) {
        @Override
        public String toString() {
            return "CredentialSpec[" + name + "]";
        }
    }

    private static Map<String, String> limitColumns() {
        var columns = new LinkedHashMap<String, String>();
        for (var name : List.of(
                "connections",
                "sessions",
                "publish-per-second",
                "packet-bytes",
                "subscriptions-per-session",
                "queued-messages-per-session",
                "queued-bytes-per-session",
                "queued-bytes",
                "retained-messages",
                "retained-bytes")) {
            columns.put(name, name.replace('-', '_'));
        }
        return columns;
    }

    static ProvisioningFile read(Path path) {
        var options = new LoaderOptions();
        options.setCodePointLimit((int) MAX_BYTES);
        options.setNestingDepthLimit(MAX_DEPTH);
        // A few lines of aliases of aliases can stand for gigabytes
        options.setMaxAliasesForCollections(0);
        options.setAllowRecursiveKeys(false);
        var name = path.toString();
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw new ProvisioningException(name + ": The file is larger than 64 MiB.");
            }
            var text = Files.readString(path, StandardCharsets.UTF_8);
            @Nullable Node root = new Yaml(options).compose(new StringReader(text));
            return root == null ? new ProvisioningFile(List.of(), List.of()) : read(new YamlNode(name, "", root));
        } catch (NoSuchFileException e) {
            throw new ProvisioningException(name + ": There is no such file.");
        } catch (AccessDeniedException e) {
            throw new ProvisioningException(name + ": The file cannot be read: permission denied.");
        } catch (CharacterCodingException e) {
            throw new ProvisioningException(name + ": The file is not a text in UTF-8.");
        } catch (IOException e) {
            throw new ProvisioningException(name + ": The file cannot be read: " + e.getMessage() + ".");
        } catch (MarkedYAMLException e) {
            var mark = e.getProblemMark();
            throw new ProvisioningException(name + (mark == null ? "" : ", line " + (mark.getLine() + 1))
                    + ": This is not YAML: " + e.getProblem() + ".");
        } catch (YAMLException e) {
            throw new ProvisioningException(name + ": This is not YAML that Dunlin accepts: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + ".");
        } catch (StackOverflowError e) {
            throw new ProvisioningException(name + ": The file is nested too deeply.");
        }
    }

    private static ProvisioningFile read(YamlNode root) {
        var file = root.mapping("plans", "tenants");
        var plans = file.list("plans", ProvisioningFile::plan);
        unique(plans, PlanSpec::name, PlanSpec::at);
        var tenants = file.list("tenants", ProvisioningFile::tenant);
        unique(tenants, TenantSpec::slug, TenantSpec::at);
        return new ProvisioningFile(plans, tenants);
    }

    private static <T> void unique(List<T> items, Function<T, String> name, Function<T, YamlNode> at) {
        var names = new HashSet<String>();
        for (var item : items) {
            if (!names.add(name.apply(item))) {
                throw at.apply(item).wrong("\"" + name.apply(item) + "\" stands in this list twice.");
            }
        }
    }

    private static PlanSpec plan(YamlNode node) {
        var plan = node.mapping("name", "limits", "when-queue-full");
        var name = plan.require("name").text();
        if (name.equals("unlimited")) {
            throw node.wrong("The plan \"unlimited\" is what its name says and cannot be changed.");
        }
        var limits = new LinkedHashMap<String, @Nullable Long>();
        plan.get("limits").ifPresent(value -> {
            var given = value.mapping(LIMIT_COLUMNS.keySet().toArray(new String[0]));
            LIMIT_COLUMNS.forEach((key, column) -> given.get(key).ifPresent(limit -> limits.put(column, limit(limit))));
        });
        var whenQueueFull = plan.get("when-queue-full")
                .map(value -> value.oneOf(WhenFull.values()))
                .orElse(null);
        return new PlanSpec(node, name, limits, whenQueueFull);
    }

    private static @Nullable Long limit(YamlNode node) {
        if (node.isText("unlimited")) {
            return null;
        }
        long limit;
        try {
            limit = node.number();
        } catch (ProvisioningException e) {
            throw node.wrong("This must be a whole number or \"unlimited\".");
        }
        if (limit < 0) {
            throw node.wrong("A limit must not be negative.");
        }
        return limit;
    }

    private static TenantSpec tenant(YamlNode node) {
        var tenant = node.mapping("slug", "name", "plan", "owner", "api-tokens", "groups", "credentials");
        var slug = tenant.require("slug");
        if (!SLUG.matcher(slug.text()).matches()) {
            throw slug.wrong("A slug has 3 to 32 characters: lower-case letters, digits and hyphen.");
        }
        var tokens = tenant.list("api-tokens", ProvisioningFile::token);
        unique(tokens, TokenSpec::name, TokenSpec::at);
        var groups = tenant.list("groups", ProvisioningFile::group);
        unique(groups, GroupSpec::name, GroupSpec::at);
        var credentials = tenant.list("credentials", ProvisioningFile::credential);
        unique(credentials, CredentialSpec::name, CredentialSpec::at);
        return new TenantSpec(
                node,
                slug.text(),
                tenant.text("name"),
                tenant.text("plan"),
                tenant.get("owner").map(ProvisioningFile::owner).orElse(null),
                tokens,
                groups,
                credentials);
    }

    private static OwnerSpec owner(YamlNode node) {
        var owner = node.mapping("email", "password");
        var email = owner.require("email");
        if (email.text().indexOf('@') < 1) {
            throw email.wrong("This must be an e-mail address.");
        }
        return new OwnerSpec(email.text(), owner.require("password").text());
    }

    private static TokenSpec token(YamlNode node) {
        var token = node.mapping("name", "token", "role");
        return new TokenSpec(
                node,
                token.require("name").text(),
                token.require("token").text(),
                token.require("role").oneOf(Role.values()));
    }

    private static GroupSpec group(YamlNode node) {
        var group = node.mapping("name", "permissions");
        return new GroupSpec(node, group.require("name").text(), permissions(group));
    }

    private static CredentialSpec credential(YamlNode node) {
        var credential = node.mapping("name", "secret", "certificates", "groups", "permissions");
        var name = credential.require("name");
        try {
            Credentials.requireName(name.text());
        } catch (InvalidCredentialNameException e) {
            throw name.wrong(String.valueOf(e.getMessage()));
        }
        var saysWhatItMay = credential.get("permissions").isPresent()
                || credential.get("groups").isPresent();
        return new CredentialSpec(
                node,
                name.text(),
                credential.text("secret"),
                credential.list("certificates", ProvisioningFile::certificate),
                credential.list("groups", YamlNode::text),
                saysWhatItMay ? permissions(credential) : null);
    }

    private static DeviceCertificate certificate(YamlNode node) {
        try {
            return DeviceCertificate.read(node.text());
        } catch (InvalidCertificateException e) {
            throw node.wrong(String.valueOf(e.getMessage()));
        }
    }

    private static List<NewPermission> permissions(YamlNode.Mapping holder) {
        var permissions = holder.list("permissions", ProvisioningFile::permission);
        if (permissions.size() > Permissions.MAX_PER_HOLDER) {
            throw holder.require("permissions")
                    .wrong("There may be at most " + Permissions.MAX_PER_HOLDER + " permissions in a list.");
        }
        return permissions;
    }

    private static NewPermission permission(YamlNode node) {
        var permission = node.mapping("effect", "action", "topic", "max-qos", "retain");
        var topic = permission.require("topic");
        try {
            Permissions.requireFilter(topic.text());
        } catch (InvalidTopicFilterException e) {
            throw topic.wrong(String.valueOf(e.getMessage()));
        }
        var maxQos = permission.get("max-qos").map(YamlNode::number).orElse(2L);
        if (maxQos < 0 || maxQos > 2) {
            throw permission.require("max-qos").wrong("This must be 0, 1 or 2.");
        }
        return new NewPermission(
                permission.require("effect").oneOf(Effect.values()),
                permission.require("action").oneOf(Action.values()),
                topic.text(),
                maxQos.intValue(),
                permission.get("retain").map(YamlNode::bool).orElse(true));
    }
}
