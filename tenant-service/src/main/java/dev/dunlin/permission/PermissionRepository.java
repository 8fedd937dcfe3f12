package dev.dunlin.permission;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface PermissionRepository extends Repository<PermissionEntity, PermissionEntity.Key> {
    record OfGroup(PermissionEntity permission, String group) {}

    PermissionEntity save(PermissionEntity permission);

    void delete(PermissionEntity permission);

    @Query("from PermissionEntity p where p.key.tenantId = :tenant and p.credentialId = :credential"
            + " order by p.createdAt, p.key.id")
    List<PermissionEntity> own(UUID tenant, UUID credential);

    @Query("""
            select new dev.dunlin.permission.PermissionRepository$OfGroup(p, g.name)
            from GroupMemberEntity m
              join GroupEntity g on g.key.tenantId = m.key.tenantId and g.key.id = m.key.groupId
              join PermissionEntity p on p.key.tenantId = m.key.tenantId and p.groupId = m.key.groupId
            where m.key.tenantId = :tenant and m.key.credentialId = :credential
            order by g.name, p.createdAt, p.key.id
            """)
    List<OfGroup> ofGroups(UUID tenant, UUID credential);

    @Query("from PermissionEntity p"
            + " where p.key.tenantId = :tenant and p.key.id = :id and p.credentialId = :credential")
    Optional<PermissionEntity> own(UUID tenant, UUID credential, UUID id);

    @Query("select count(p) from PermissionEntity p"
            + " where p.key.tenantId = :tenant and p.credentialId = :credential")
    long countOwn(UUID tenant, UUID credential);
}
