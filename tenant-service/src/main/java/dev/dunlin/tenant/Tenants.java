package dev.dunlin.tenant;

import dev.dunlin.engine.port.TenantId;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Workspaces and who belongs to them. */
@Service
public class Tenants {
    private static final String FIRST_PLAN = "free";
    private static final int MIN_SLUG = 3;
    private static final int MAX_SLUG = 32;
    /** Room for the suffix that makes a slug unique. */
    private static final int SUFFIX = 7;

    private final TenantRepository tenants;
    private final MembershipRepository memberships;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    Tenants(TenantRepository tenants, MembershipRepository memberships, Clock clock) {
        this.tenants = tenants;
        this.memberships = memberships;
        this.clock = clock;
    }

    @Transactional(readOnly = true)
    public Optional<Tenant> find(TenantId id) {
        return tenants.findById(id.value()).map(TenantEntity::toTenant);
    }

    @Transactional(readOnly = true)
    public Optional<Tenant> findBySlug(String slug) {
        return tenants.findBySlug(slug).map(TenantEntity::toTenant);
    }

    /** By name of the tenant. */
    @Transactional(readOnly = true)
    public List<Membership> membershipsOf(AccountId account) {
        return memberships.ofAccount(account.value()).stream()
                .map(MembershipEntity::toMembership)
                .toList();
    }

    /**
     * Makes a workspace on the free plan, with an owner and a slug made from its name.
     *
     * @param fallback what the slug is made from when the name has too few letters or digits for one
     */
    @Transactional
    public Tenant create(String name, String fallback, AccountId owner) {
        var now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        var slug = free(slug(name).or(() -> slug(fallback)).orElse("workspace"));
        var entity = tenants.saveAndFlush(new TenantEntity(UUID.randomUUID(), slug, name.strip(), FIRST_PLAN, now));
        var tenant = entity.toTenant();
        memberships.save(new MembershipEntity(tenant, entity, owner, Role.OWNER, now));
        return tenant;
    }

    /** Two who want the same slug at once get different suffixes, or one of them an error from the unique key. */
    private String free(String wish) {
        var slug = wish;
        var stem = wish.substring(0, Math.min(wish.length(), MAX_SLUG - SUFFIX));
        while (tenants.existsBySlug(slug)) {
            slug = stem + "-" + (100_000 + random.nextInt(900_000));
        }
        return slug;
    }

    static Optional<String> slug(String text) {
        var slug = Normalizer.normalize(text, Normalizer.Form.NFD)
                .replaceAll("\\p{M}", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-");
        slug = slug.substring(0, Math.min(slug.length(), MAX_SLUG)).replaceAll("^-+|-+$", "");
        return slug.length() >= MIN_SLUG ? Optional.of(slug) : Optional.empty();
    }
}
