package dev.dunlin.plan;

/** There is no plan of this name. */
public class PlanNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PlanNotFoundException(String name) {
        super("There is no plan named \"" + name + "\".");
    }
}
