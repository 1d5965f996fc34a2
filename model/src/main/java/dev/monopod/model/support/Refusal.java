package dev.monopod.model.support;

/// One thing of a pod that Fargate excludes.
///
/// @param clause where EKS' sentence names it
/// @param fieldPath for example `spec.containers[0].securityContext.privileged`
/// @param detail EKS' words within the clause, for example `Privileged`
/// @param remedy what to do about it
public record Refusal(Clause clause, String fieldPath, String detail, String remedy) {}
