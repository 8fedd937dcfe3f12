package dev.dunlin.plan;

import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The plans there are: free, team and unlimited from the start, others from the provisioning file. */
@Service
public class Plans {
    private final PlanRepository plans;

    Plans(PlanRepository plans) {
        this.plans = plans;
    }

    /** @throws PlanNotFoundException if there is none of this name */
    @Transactional(readOnly = true)
    public Plan get(String name) {
        return plans.findById(name)
                .orElseThrow(() -> new PlanNotFoundException(name))
                .toPlan();
    }
}
