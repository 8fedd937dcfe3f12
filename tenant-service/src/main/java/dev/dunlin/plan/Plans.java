package dev.dunlin.plan;

import org.springframework.stereotype.Service;

/** The plans there are: free, team and unlimited from the start, others from the provisioning file. */
@Service
public class Plans {
    /** @throws PlanNotFoundException if there is none of this name */
    public Plan get(String name) {
        throw new UnsupportedOperationException();
    }
}
