package dev.monopod.cli.why;

import dev.monopod.cli.profile.ProfileCommand;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec.Selector;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Finds the selector that a pod without a profile misses by least, and what would make it match.
final class NearMiss {
    private NearMiss() {}

    /// Why no selector matches.
    record Advice(String reason, String field, String edit) {}

    /// What one selector asks and the pod has not; empty: it matches.
    private record Candidate(
            String profile,
            Selector selector,
            boolean namespace,
            List<Map.Entry<String, String>> labels) {
        int distance() {
            // Labels are edited easily; a pod can't change its namespace.
            return (namespace ? 10 : 0) + labels.size();
        }
    }

    static Advice of(Pod pod, List<FargateProfile> profiles) {
        var namespace = pod.getMetadata().getNamespace();
        var create = "monopod profile create %s --namespace %s".formatted(namespace, namespace);
        if (profiles.isEmpty()) {
            return new Advice(
                    "no profile exists, so it is left to the default scheduler", "", create);
        }
        var annotations = pod.getMetadata().getAnnotations();
        if (annotations != null
                && "ec2".equals(annotations.get("eks.amazonaws.com/compute-type"))) {
            return new Advice(
                    "its annotation takes it out: eks.amazonaws.com/compute-type is ec2",
                    "metadata.annotations[eks.amazonaws.com/compute-type]",
                    "remove the annotation and create the pod again");
        }
        var nearest =
                profiles.stream()
                        .flatMap(profile ->
                                profile.getSpec().selectors().stream()
                                        .map(selector -> candidate(profile, selector, pod)))
                        .min(Comparator.comparingInt(Candidate::distance))
                        .orElseThrow();
        var selector =
                "selector %s of profile %s"
                        .formatted(ProfileCommand.selector(nearest.selector()), nearest.profile());
        if (nearest.distance() == 0) {
            return new Advice(
                    selector
                            + " matches it now, but it was created before that; the controller should pick it up",
                    "",
                    "if it stays: delete the pod and create it again");
        }
        if (nearest.namespace()) {
            return new Advice(
                    "no profile selects namespace %s (nearest: %s)".formatted(namespace, selector),
                    "metadata.namespace",
                    create);
        }
        var missing =
                nearest.labels().stream()
                        .map(Map.Entry::toString)
                        .collect(Collectors.joining(", "));
        return new Advice(
                "no profile matches; it lacks %s, which %s asks for".formatted(missing, selector),
                "metadata.labels",
                nearest.labels().stream()
                        .map(label -> "%s: %s".formatted(label.getKey(), label.getValue()))
                        .collect(Collectors.joining("\n", "add to metadata.labels:\n", "")));
    }

    private static Candidate candidate(FargateProfile profile, Selector selector, Pod pod) {
        var labels = pod.getMetadata().getLabels();
        Map<String, String> present = labels == null ? Map.of() : labels;
        Map<String, String> wanted = selector.labels();
        List<Map.Entry<String, String>> missing = new ArrayList<>();
        if (wanted != null) {
            for (Map.Entry<String, String> label : wanted.entrySet()) {
                boolean matches =
                        present.entrySet().stream()
                                .anyMatch(it ->
                                        matches(label.getKey(), it.getKey())
                                                && matches(label.getValue(), it.getValue()));
                if (!matches) {
                    missing.add(label);
                }
            }
        }
        return new Candidate(
                profile.getMetadata().getName(),
                selector,
                !matches(selector.namespace(), pod.getMetadata().getNamespace()),
                missing);
    }

    /// Whether the text matches a pattern in which `*` stands for anything and `?` for one
    /// character.
    static boolean matches(String pattern, String text) {
        var expression = new StringBuilder();
        for (var character : pattern.toCharArray()) {
            switch (character) {
                case '*' -> expression.append(".*");
                case '?' -> expression.append('.');
                default -> expression.append(Pattern.quote(String.valueOf(character)));
            }
        }
        return Pattern.compile(expression.toString(), Pattern.DOTALL).matcher(text).matches();
    }
}
