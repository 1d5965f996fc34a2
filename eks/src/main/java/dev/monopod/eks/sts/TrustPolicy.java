package dev.monopod.eks.sts;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Whom a role trusts: a trust policy of IAM, read once.
///
/// Nobody is trusted whom no statement allows, and nobody whom one denies. What is not understood
/// here (`NotPrincipal`, operators other than `StringEquals`, `StringLike`, `ArnEquals` and
/// `ArnLike`, policy variables) makes the whole policy malformed, so that nothing in it is left
/// unheeded.
public final class TrustPolicy {
    private static final int CHARACTERS_MAX = 20_480;
    private static final Set<String> VERSIONS = Set.of("2012-10-17", "2008-10-17");
    private static final Set<String> STATEMENT_KEYS =
            Set.of("Sid", "Effect", "Principal", "Action", "Condition");
    private static final Set<String> PRINCIPAL_KEYS = Set.of("AWS", "Federated", "Service");

    /// `ArnEquals` is IAM's other name for `ArnLike`.
    private static final Map<String, Condition.Operator> OPERATORS =
            Map.of(
                    "StringEquals", Condition.Operator.EQUALS,
                    "StringLike", Condition.Operator.LIKE,
                    "ArnEquals", Condition.Operator.ARN_LIKE,
                    "ArnLike", Condition.Operator.ARN_LIKE);

    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final List<Statement> statements;

    private TrustPolicy(List<Statement> statements) {
        this.statements = List.copyOf(statements);
    }

    /// @throws MalformedPolicyException if it is none, or not understood
    public static TrustPolicy parse(String json) throws MalformedPolicyException {
        if (json.length() > CHARACTERS_MAX) {
            throw new MalformedPolicyException(
                    "the policy has %d characters; at most %d are allowed"
                            .formatted(json.length(), CHARACTERS_MAX));
        }
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JsonProcessingException noJson) {
            throw new MalformedPolicyException("the policy is no JSON");
        }
        check(root, Set.of("Version", "Id", "Statement"), "the policy");
        if (root.has("Version") && !VERSIONS.contains(root.get("Version").asText())) {
            throw new MalformedPolicyException("the policy has an unknown Version");
        }
        var statement = root.path("Statement");
        List<Statement> statements = new ArrayList<>();
        for (JsonNode each : statement.isArray() ? statement : List.of(statement)) {
            statements.add(statement(each));
        }
        return new TrustPolicy(statements);
    }

    /// Whether it lets that principal do it.
    ///
    /// @param action such as `sts:AssumeRole`
    /// @param context what conditions may ask, by key
    public boolean allows(String action, Principal principal, Map<String, String> context) {
        Map<String, String> small = new HashMap<>();
        context.forEach((key, value) -> small.put(key.toLowerCase(Locale.ROOT), value));
        var about =
                statements.stream().filter(each -> each.isAbout(action, principal, small)).toList();
        return !about.isEmpty() && about.stream().allMatch(Statement::allows);
    }

    private static Statement statement(JsonNode node) throws MalformedPolicyException {
        check(node, STATEMENT_KEYS, "a statement");
        boolean allows =
                switch (node.path("Effect").asText()) {
                    case "Allow" -> true;
                    case "Deny" -> false;
                    default ->
                            throw new MalformedPolicyException(
                                    "a statement has an Effect other than Allow and Deny");
                };
        List<String> actions = new ArrayList<>();
        for (String action : texts(node.path("Action"), "Action")) {
            actions.add(action.toLowerCase(Locale.ROOT));
        }
        var principal = node.path("Principal");
        boolean anyone = principal.isTextual() && principal.asText().equals("*");
        if (!anyone) {
            check(principal, PRINCIPAL_KEYS, "Principal");
        }
        var aws = principal.has("AWS") ? texts(principal.get("AWS"), "AWS") : List.<String>of();
        return new Statement(
                allows,
                anyone || aws.contains("*"),
                aws,
                principal.has("Federated")
                        ? texts(principal.get("Federated"), "Federated")
                        : List.of(),
                principal.has("Service") ? texts(principal.get("Service"), "Service") : List.of(),
                actions,
                conditions(node.path("Condition")));
    }

    private static List<Condition> conditions(JsonNode node) throws MalformedPolicyException {
        List<Condition> conditions = new ArrayList<>();
        if (node.isMissingNode()) {
            return conditions;
        }
        check(node, OPERATORS.keySet(), "Condition");
        for (var byOperator : node.properties()) {
            if (!byOperator.getValue().isObject()) {
                throw new MalformedPolicyException("a Condition has no keys");
            }
            var operator = Objects.requireNonNull(OPERATORS.get(byOperator.getKey()));
            for (var each : byOperator.getValue().properties()) {
                conditions.add(
                        new Condition(
                                operator, each.getKey(), texts(each.getValue(), each.getKey())));
            }
        }
        return conditions;
    }

    /// One text, or a list of them.
    private static List<String> texts(JsonNode node, String name) throws MalformedPolicyException {
        List<String> texts = new ArrayList<>();
        for (JsonNode each : node.isArray() ? node : List.of(node)) {
            if (!each.isTextual()) {
                throw new MalformedPolicyException("%s must be text".formatted(name));
            }
            if (each.asText().contains("${")) {
                throw new MalformedPolicyException(
                        "%s has a policy variable, which is not supported".formatted(name));
            }
            texts.add(each.asText());
        }
        if (texts.isEmpty()) {
            throw new MalformedPolicyException("%s must not be empty".formatted(name));
        }
        return texts;
    }

    private static void check(JsonNode node, Set<String> keys, String what)
            throws MalformedPolicyException {
        if (!node.isObject()) {
            throw new MalformedPolicyException("%s must be an object".formatted(what));
        }
        for (var each : node.properties()) {
            if (!keys.contains(each.getKey())) {
                throw new MalformedPolicyException(
                        "%s has '%s', which is not supported".formatted(what, each.getKey()));
            }
        }
    }
}
