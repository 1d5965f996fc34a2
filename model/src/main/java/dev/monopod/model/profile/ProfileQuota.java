package dev.monopod.model.profile;

/// EKS' quota "Fargate profiles per cluster", which its users may have raised. Nothing in Monopod
/// needs it; it is kept so that a set of profiles that works here works there. EKS' other limit,
/// one profile at a time in CREATING or DELETING, is lifted for objects, where it serves nobody;
/// callers of the EKS API meet it, since their tools are made for it.
public record ProfileQuota(int profiles) {
    /// EKS' own.
    public static final int DEFAULT = 10;

    public static final ProfileQuota OF_EKS = new ProfileQuota(DEFAULT);

    public ProfileQuota {
        if (profiles < 1) {
            throw new IllegalArgumentException(
                    "the quota of profiles is 1 or more, not " + profiles);
        }
    }
}
