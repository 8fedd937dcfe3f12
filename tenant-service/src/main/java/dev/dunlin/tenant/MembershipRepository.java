package dev.dunlin.tenant;

import java.util.List;
import java.util.UUID;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface MembershipRepository extends Repository<MembershipEntity, MembershipEntity.Key> {
    MembershipEntity save(MembershipEntity membership);

    @Query("from MembershipEntity m join fetch m.tenant t where m.key.accountId = :account order by t.name, t.slug")
    List<MembershipEntity> ofAccount(UUID account);
}
