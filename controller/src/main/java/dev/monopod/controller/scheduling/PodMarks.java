package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.names.Names;
import dev.monopod.model.size.MebiBytes;
import dev.monopod.model.size.MilliCpu;
import dev.monopod.model.size.Size;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a pod's metadata tells users of its Machine and of logging. The scheduler writes it where
/// it is not so; nobody reads it to decide anything.
record PodMarks(Map<String, String> labels, Map<String, String> annotations) {
    static PodMarks of(Machine machine, PodLogging logging) {
        var spec = machine.getSpec();
        var size =
                new Size(
                        new MilliCpu(spec.size().milliCpu()),
                        new MebiBytes(spec.size().memoryMebiBytes()),
                        new MebiBytes(spec.size().storageMebiBytes()));
        return new PodMarks(
                Map.of(Names.PROFILE_LABEL, spec.profile()),
                Map.of(
                        Names.CAPACITY_ANNOTATION,
                        size.annotation(),
                        Names.SECURITY_GROUPS_ANNOTATION,
                        String.join(
                                ",",
                                Objects.requireNonNull(
                                        spec.network().securityGroups(), "security groups")),
                        Names.LOGGING_ANNOTATION,
                        logging.annotation()));
    }

    boolean standOn(Pod pod) {
        var metadata = pod.getMetadata();
        return has(metadata.getLabels(), labels) && has(metadata.getAnnotations(), annotations);
    }

    private static boolean has(@Nullable Map<String, String> there, Map<String, String> wanted) {
        return there != null && there.entrySet().containsAll(wanted.entrySet());
    }
}
