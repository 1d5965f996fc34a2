package dev.monopod.eks.identity;

/// Who signed a request.
///
/// @param accountId twelve digits
/// @param arn as `sts get-caller-identity` says it: of a user `arn:aws:iam::ACCOUNT:user/NAME`, of
///   a session `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`
/// @param userId `AIDA…` of a user, `AROA…:SESSION` of a session
public record Caller(String accessKeyId, String accountId, String arn, String userId) {}
