package dev.monopod.model.profile;

/// A rule that a profile breaks: the field and EKS' words for it, where EKS has them.
public record Violation(String fieldPath, String message) {}
