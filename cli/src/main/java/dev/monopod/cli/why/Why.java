package dev.monopod.cli.why;

import dev.monopod.cli.terminal.Text;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Finds the first rule, in the order of a pod's way, that a pod has not passed.
public final class Why {
    private static final Set<String> UNSUPPORTED_REASONS =
            Set.of("POD_UNSUPPORTED_ON_FARGATE", "POD_CPU_MEM_EXCEEDS_MAX_FARGATE_SIZE");

    /// The scheduler's words for a host that takes no machine by someone's wish.
    private static final Pattern CORDONED = Pattern.compile("(\\S+) is cordoned");

    private final WhyFacts facts;

    private Why(WhyFacts facts) {
        this.facts = facts;
    }

    /// Where on its way a pod stands.
    public enum Rule {
        RUNS,
        ENDED,
        NO_SUCH_POD,
        NO_PROFILE,
        PROFILE_NOT_ACTIVE,
        UNSUPPORTED,
        NOT_SCHEDULED,
        MACHINE,
        IMAGE,
        CRASH_LOOP,
        CONTAINER,
        STARTING
    }

    /// @param field path in the pod; empty if none
    /// @param edit what would let the pod through; empty if nothing is known
    public record Answer(Rule rule, String reason, String field, String edit) {}

    public static Answer explain(WhyFacts facts) {
        var why = new Why(facts);
        return facts.pod().map(why::held).orElseGet(why::noSuchPod);
    }

    private Answer held(Pod pod) {
        return ended(pod)
                .or(() -> containers(pod))
                .or(() -> runs(pod))
                .or(() -> profile(pod))
                .or(() -> scheduled(pod))
                .or(() -> machine(pod))
                .orElseGet(() -> starting(pod));
    }

    private Answer noSuchPod() {
        // A refused pod never exists; its owner's events tell why.
        return facts.eventsOfNamespace().stream()
                .filter(event -> "FailedCreate".equals(event.getReason()))
                .filter(event ->
                        facts.name()
                                .startsWith(String.valueOf(event.getInvolvedObject().getName())))
                .max(byTime())
                .map(event -> new Answer(Rule.UNSUPPORTED, Text.of(event.getMessage()), "", ""))
                .orElseGet(() ->
                        new Answer(
                                Rule.NO_SUCH_POD,
                                "there is no such pod; if its creation was refused, kubectl printed the field and the reason",
                                "",
                                "kubectl get pods -n " + facts.namespace()));
    }

    private static Optional<Answer> ended(Pod pod) {
        var phase = Text.of(pod.getStatus().getPhase());
        if (!PodPhases.isEnd(phase)) {
            return Optional.empty();
        }
        var reason =
                Stream.of(pod.getStatus().getReason(), pod.getStatus().getMessage())
                        .map(Text::of)
                        .filter(part -> !part.equals("-"))
                        .reduce((first, second) -> first + ": " + second)
                        .orElseGet(() -> exits(pod));
        return Optional.of(
                new Answer(Rule.ENDED, "it has ended (%s): %s".formatted(phase, reason), "", ""));
    }

    private static String exits(Pod pod) {
        return pod.getStatus().getContainerStatuses().stream()
                .filter(status ->
                        status.getState() != null && status.getState().getTerminated() != null)
                .map(status ->
                        "container %s exited with %s (%s)"
                                .formatted(
                                        status.getName(),
                                        status.getState().getTerminated().getExitCode(),
                                        Text.of(status.getState().getTerminated().getReason())))
                .reduce((first, second) -> first + ", " + second)
                .orElse("no reason given");
    }

    private static Optional<Answer> runs(Pod pod) {
        var ready =
                conditions(pod)
                        .anyMatch(it ->
                                "Ready".equals(it.getType()) && "True".equals(it.getStatus()));
        return ready
                ? Optional.of(
                        new Answer(
                                Rule.RUNS, "nothing holds it back: it runs and is ready", "", ""))
                : Optional.empty();
    }

    private Optional<Answer> containers(Pod pod) {
        return Stream.concat(
                        pod.getStatus().getInitContainerStatuses().stream(),
                        pod.getStatus().getContainerStatuses().stream())
                .flatMap(status -> container(pod, status).stream())
                .findFirst();
    }

    private Optional<Answer> container(Pod pod, ContainerStatus status) {
        var state = status.getState();
        if (state == null || state.getWaiting() == null) {
            return Optional.empty();
        }
        var reason = Text.of(state.getWaiting().getReason());
        var message = Text.of(state.getWaiting().getMessage());
        var path = containerPath(pod, status.getName());
        return switch (reason) {
            case "ErrImagePull",
                    "ImagePullBackOff",
                    "InvalidImageName",
                    "ErrImageNeverPull",
                    "ImageInspectError" ->
                    Optional.of(
                            new Answer(
                                    Rule.IMAGE,
                                    "image %s of container %s is not pulled: %s"
                                            .formatted(
                                                    status.getImage(), status.getName(), message),
                                    path + ".image",
                                    "correct the image's name, or give the pod imagePullSecrets; offline: monopod image load TAR"));
            case "CrashLoopBackOff" ->
                    Optional.of(
                            new Answer(
                                    Rule.CRASH_LOOP,
                                    "container %s ended %d times, the last time with exit code %s (%s); it is started again later"
                                            .formatted(
                                                    status.getName(),
                                                    status.getRestartCount() + 1,
                                                    lastExit(status),
                                                    lastReason(status)),
                                    path,
                                    "kubectl logs -n %s %s -c %s --previous"
                                            .formatted(
                                                    pod.getMetadata().getNamespace(),
                                                    pod.getMetadata().getName(),
                                                    status.getName())));
            case "CreateContainerConfigError",
                    "CreateContainerError",
                    "RunContainerError",
                    "StartError" ->
                    Optional.of(
                            new Answer(
                                    Rule.CONTAINER,
                                    "container %s cannot be created: %s"
                                            .formatted(status.getName(), message),
                                    path,
                                    ""));
            // PodInitializing, ContainerCreating: not a reason but a stage.
            default -> Optional.empty();
        };
    }

    private static String lastExit(ContainerStatus status) {
        var last = status.getLastState();
        return last == null || last.getTerminated() == null
                ? "unknown"
                : Text.of(last.getTerminated().getExitCode());
    }

    private static String lastReason(ContainerStatus status) {
        var last = status.getLastState();
        return last == null || last.getTerminated() == null
                ? "no reason given"
                : Text.of(last.getTerminated().getReason());
    }

    private static String containerPath(Pod pod, String name) {
        var containers = pod.getSpec().getContainers();
        for (var index = 0; index < containers.size(); index++) {
            if (name.equals(containers.get(index).getName())) {
                return "spec.containers[%d]".formatted(index);
            }
        }
        return "spec.initContainers[name=%s]".formatted(name);
    }

    private Optional<Answer> profile(Pod pod) {
        var labels = labels(pod);
        var chosen = labels.get(Names.PROFILE_LABEL);
        var profiles = facts.profiles();
        if (chosen == null || !Names.SCHEDULER_NAME.equals(pod.getSpec().getSchedulerName())) {
            if (pod.getSpec().getNodeName() != null) {
                return Optional.empty();
            }
            var advice = NearMiss.of(pod, profiles);
            return Optional.of(
                    new Answer(Rule.NO_PROFILE, advice.reason(), advice.field(), advice.edit()));
        }
        var profile =
                profiles.stream()
                        .filter(it -> it.getMetadata().getName().equals(chosen))
                        .findFirst();
        if (profile.isEmpty()) {
            return Optional.of(
                    new Answer(
                            Rule.PROFILE_NOT_ACTIVE,
                            "its profile %s no longer exists".formatted(chosen),
                            "metadata.labels[%s]".formatted(Names.PROFILE_LABEL),
                            "create the profile again: monopod profile create %s --namespace %s"
                                    .formatted(chosen, pod.getMetadata().getNamespace())));
        }
        var status = profile.get().getStatus();
        if (status != null && status.phase() == FargateProfileStatus.Phase.ACTIVE) {
            return Optional.empty();
        }
        return Optional.of(
                new Answer(
                        Rule.PROFILE_NOT_ACTIVE,
                        "its profile %s is %s: %s"
                                .formatted(
                                        chosen,
                                        status == null ? "new" : Text.of(status.phase()),
                                        status == null
                                                ? "the controller has not seen it"
                                                : Text.of(status.message())),
                        "",
                        "monopod profile list"));
    }

    private Optional<Answer> scheduled(Pod pod) {
        if (pod.getSpec().getNodeName() != null) {
            return Optional.empty();
        }
        var condition =
                conditions(pod)
                        .filter(it ->
                                "PodScheduled".equals(it.getType())
                                        && "False".equals(it.getStatus()))
                        .findFirst();
        var event = lastWarning(pod, "FailedScheduling");
        var message =
                condition
                        .map(PodCondition::getMessage)
                        .filter(text -> !text.isBlank())
                        .or(() -> event.map(Event::getMessage))
                        .orElse(
                                "the fargate-scheduler has not looked at it yet; is the controller running? (monopod status)");
        var rule =
                condition
                                .map(PodCondition::getReason)
                                .map(UNSUPPORTED_REASONS::contains)
                                .orElse(false)
                        ? Rule.UNSUPPORTED
                        : Rule.NOT_SCHEDULED;
        return Optional.of(new Answer(rule, message, "", remedy(message)));
    }

    private static String remedy(String message) {
        var cordoned = CORDONED.matcher(message);
        if (cordoned.find()) {
            return "monopod host uncordon " + cordoned.group(1);
        }
        var lower = message.toLowerCase(java.util.Locale.ROOT);
        if (lower.contains("has disk pressure")) {
            return "make room on the host's disk: monopod image list, monopod image remove IMAGE; how much: kubectl describe hosts";
        }
        if (lower.contains("address")) {
            return "add a subnet to a new profile, or delete pods of these subnets: kubectl get subnets";
        }
        if (lower.contains("host") || lower.contains("memory") || lower.contains("cpu")) {
            return "lower spec.containers[*].resources.requests, delete pods, add a host, or raise spec.cpuOvercommit or spec.storageOvercommit of a host: kubectl get hosts";
        }
        return "";
    }

    private Optional<Answer> machine(Pod pod) {
        var found = facts.machine(pod.getMetadata().getUid());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        var machine = found.get();
        @Nullable MachineStatus status = machine.getStatus();
        var waits = status == null || status.phase() == MachineStatus.Phase.Pending;
        if (waits) {
            return Optional.of(
                    new Answer(
                            Rule.MACHINE,
                            "the agent of host %s has not started its machine"
                                    .formatted(machine.getSpec().host()),
                            "",
                            "look into the agent: monopod status"));
        }
        return status.phase() == MachineStatus.Phase.Failed
                ? Optional.of(
                        new Answer(
                                Rule.MACHINE,
                                "its machine failed: " + Text.of(status.message()),
                                "",
                                "delete the pod; a controller makes another"))
                : Optional.empty();
    }

    private Answer starting(Pod pod) {
        return new Answer(
                Rule.STARTING,
                "it is starting: " + lastEvent(pod).map(Event::getMessage).orElse("no event yet"),
                "",
                "");
    }

    private Optional<Event> lastWarning(Pod pod, String reason) {
        return events(pod).filter(event -> reason.equals(event.getReason())).max(byTime());
    }

    private Optional<Event> lastEvent(Pod pod) {
        return events(pod).max(byTime());
    }

    private Stream<Event> events(Pod pod) {
        return facts.events(pod.getMetadata().getUid()).stream();
    }

    private static Comparator<Event> byTime() {
        return Comparator.comparing(event ->
                Stream.of(event.getLastTimestamp(), event.getMetadata().getCreationTimestamp())
                        .filter(java.util.Objects::nonNull)
                        .findFirst()
                        .orElse(""));
    }

    private static Stream<PodCondition> conditions(Pod pod) {
        return pod.getStatus().getConditions().stream();
    }

    private static Map<String, String> labels(Pod pod) {
        var labels = pod.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }
}
