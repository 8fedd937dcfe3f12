package dev.dunlin.plan;

import java.util.Optional;
import org.springframework.data.repository.Repository;

interface PlanRepository extends Repository<PlanEntity, String> {
    Optional<PlanEntity> findById(String name);
}
