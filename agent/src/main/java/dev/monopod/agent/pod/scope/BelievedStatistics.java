package dev.monopod.agent.pod.scope;

import dev.monopod.protocol.guest.ContainerEvents;
import dev.monopod.protocol.guest.ContainerStatistics;
import dev.monopod.protocol.guest.Pressure;
import dev.monopod.protocol.guest.Stall;
import dev.monopod.protocol.guest.StatisticsResponse;
import dev.monopod.protocol.guest.Usage;
import dev.monopod.protocol.guest.VolumeStatistics;
import io.fabric8.kubernetes.api.model.Volume;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What of a guest's statistics goes into the reports of the host, which hold those of all its
/// pods: a name that comes twice, a number that is none, or a time centuries away would spoil them
/// for all. So a guest is believed of the pod's own containers and volumes, of each once.
public final class BelievedStatistics {
    /// A machine's clock may be off by less.
    private static final Duration CLOCK_TOLERANCE = Duration.ofDays(1);

    private static final int MOST_DEVICES = 64;
    private static final Pattern DEVICE = Pattern.compile("/dev/[a-z0-9]{1,16}");
    private static final Pattern CONTAINER_ID = Pattern.compile("[0-9a-f]{64}");

    private final Set<String> containers;
    private final Set<String> volumes;
    private final Instant now;

    private BelievedStatistics(PodView view, Instant now) {
        this.containers =
                view.plan().containers().stream()
                        .map(container -> container.name())
                        .collect(Collectors.toUnmodifiableSet());
        this.volumes =
                view.pod().getSpec().getVolumes().stream()
                        .map(Volume::getName)
                        .collect(Collectors.toUnmodifiableSet());
        this.now = now;
    }

    /// @param now by the host's clock
    public static StatisticsResponse of(StatisticsResponse told, PodView view, Instant now) {
        return new BelievedStatistics(view, now).of(told);
    }

    private StatisticsResponse of(StatisticsResponse told) {
        var believed =
                told.toBuilder()
                        .setUnixTimeNanos(time(told.getUnixTimeNanos()))
                        .clearContainers()
                        .clearVolumes()
                        .clearEvents()
                        .addAllContainers(containers(told.getContainersList()))
                        .addAllVolumes(
                                once(told.getVolumesList(), VolumeStatistics::getName, volumes))
                        .addAllEvents(
                                once(told.getEventsList(), ContainerEvents::getName, containers));
        if (told.hasMachine()) {
            believed.setMachine(usage(told.getMachine()));
        }
        if (told.hasPod()) {
            believed.setPod(usage(told.getPod()));
        }
        return BelievedNumbers.hold(believed).build();
    }

    /// Of two attempts the later one.
    private List<ContainerStatistics> containers(List<ContainerStatistics> told) {
        var latestFirst =
                told.stream()
                        .filter(one -> CONTAINER_ID.matcher(one.getContainerId()).matches())
                        .sorted(
                                Comparator.comparingLong(ContainerStatistics::getStartedUnixNanos)
                                        .reversed())
                        .toList();
        return once(latestFirst, ContainerStatistics::getName, containers).stream()
                .map(one ->
                        one.toBuilder()
                                .setStartedUnixNanos(time(one.getStartedUnixNanos(), Instant.EPOCH))
                                .setUsage(usage(one.getUsage()))
                                .build())
                .toList();
    }

    private long time(long unixNanos) {
        return time(unixNanos, now.minus(CLOCK_TOLERANCE));
    }

    private long time(long unixNanos, Instant earliest) {
        var told = Instant.EPOCH.plusNanos(unixNanos);
        var sound = !told.isBefore(earliest) && !told.isAfter(now.plus(CLOCK_TOLERANCE));
        return sound ? unixNanos : Duration.between(Instant.EPOCH, now).toNanos();
    }

    private static <T> List<T> once(
            Collection<T> told, Function<T, String> name, Set<String> known) {
        var seen = new HashSet<String>();
        return told.stream()
                .filter(one -> known.contains(name.apply(one)) && seen.add(name.apply(one)))
                .toList();
    }

    private static Usage usage(Usage told) {
        var devices = new HashSet<String>();
        var usage =
                told.toBuilder()
                        .clearDevices()
                        .addAllDevices(
                                told.getDevicesList().stream()
                                        .filter(one -> DEVICE.matcher(one.getDevice()).matches())
                                        .filter(one -> devices.add(one.getDevice()))
                                        .limit(MOST_DEVICES)
                                        .toList());
        if (told.hasCpuPressure()) {
            usage.setCpuPressure(pressure(told.getCpuPressure()));
        }
        if (told.hasMemoryPressure()) {
            usage.setMemoryPressure(pressure(told.getMemoryPressure()));
        }
        if (told.hasIoPressure()) {
            usage.setIoPressure(pressure(told.getIoPressure()));
        }
        return usage.build();
    }

    private static Pressure pressure(Pressure told) {
        return told.toBuilder()
                .setSome(stall(told.getSome()))
                .setFull(stall(told.getFull()))
                .build();
    }

    private static Stall stall(Stall told) {
        return told.toBuilder()
                .setPercent10S(percent(told.getPercent10S()))
                .setPercent60S(percent(told.getPercent60S()))
                .setPercent300S(percent(told.getPercent300S()))
                .build();
    }

    private static double percent(double told) {
        return Double.isFinite(told) ? Math.clamp(told, 0, 100) : 0;
    }
}
