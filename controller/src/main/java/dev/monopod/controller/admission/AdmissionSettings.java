package dev.monopod.controller.admission;

import dev.monopod.eks.sts.ExecutionRoles;
import dev.monopod.model.profile.ProfileQuota;
import dev.monopod.model.size.MemoryOverhead;

/// What the cluster's operator decided.
///
/// @param region told to pods with an IAM role
/// @param overhead what is added to a pod's memory before its size is chosen
/// @param quota of profiles
/// @param roles which roles profiles may name
public record AdmissionSettings(
        String region, MemoryOverhead overhead, ProfileQuota quota, ExecutionRoles roles) {}
