package dev.monopod.model.size;

import java.util.ArrayList;
import java.util.List;

/// Chooses the size of a pod's machine. Source: the user guide's "Fargate Pod configuration",
/// KEP-753 for sidecars.
public final class Sizing {
    /// EKS' reason, of event and condition, for a pod that no size holds.
    public static final String TOO_LARGE_REASON = "POD_CPU_MEM_EXCEEDS_MAX_FARGATE_SIZE";

    private static final String TOO_LARGE =
            "Your pod's cpu/memory requirements exceed the max Fargate configuration";

    /// From here on a number says nothing but that somebody mistook a unit.
    private static final long ABSURD = 1_000_000;

    /// Storage of a pod that requests little or none.
    public static final MebiBytes DEFAULT_STORAGE = MebiBytes.gibi(20);

    /// The most ephemeral storage that a pod may request.
    public static final MebiBytes LARGEST_STORAGE_REQUEST = MebiBytes.gibi(175);

    private static final MebiBytes STORAGE_RESERVE = MebiBytes.gibi(5);
    private static final List<Row> ROWS = rows();

    private Sizing() {}

    /// The smallest vCPU row that holds CPU and memory, then its smallest memory; storage is the
    /// sum of requests, 10 % and 5 GiB, at least 20 GiB.
    public static Provisioned provision(
            List<ContainerRequests> containers, MemoryOverhead overhead) {
        return provision(requests(containers), overhead);
    }

    /// As [#provision(List, MemoryOverhead)], for requests that are already added up.
    public static Provisioned provision(Resources requests, MemoryOverhead overhead) {
        var memory = requests.memory().plus(overhead.memory());
        if (requests.storage().compareTo(LARGEST_STORAGE_REQUEST) > 0) {
            return new Provisioned.TooMuchStorage(
                    "Pod requests "
                            + amount(requests.storage())
                            + " of ephemeral storage; the limit is "
                            + LARGEST_STORAGE_REQUEST);
        }
        for (var row : ROWS) {
            if (row.cpu.compareTo(requests.cpu()) < 0) {
                continue;
            }
            for (var step : row.memory) {
                if (step.compareTo(memory) >= 0) {
                    return new Provisioned.Fits(
                            new Size(row.cpu, step, storage(requests.storage())));
                }
            }
        }
        return new Provisioned.TooLarge(tooLarge(requests, overhead));
    }

    /// What the pod needs at its most demanding moment, resource by resource: all containers with
    /// all sidecars, or an init container with the sidecars that started before it.
    public static Resources requests(List<ContainerRequests> containers) {
        var running = Resources.NONE;
        var sidecars = Resources.NONE;
        var starting = Resources.NONE;
        for (var container : containers) {
            switch (container.kind()) {
                case INIT -> starting = starting.max(sidecars.plus(container.requests()));
                case SIDECAR -> {
                    sidecars = sidecars.plus(container.requests());
                    starting = starting.max(sidecars);
                }
                case CONTAINER -> running = running.plus(container.requests());
            }
        }
        return starting.max(running.plus(sidecars));
    }

    private static MebiBytes storage(MebiBytes requested) {
        if (requested.value() == 0) {
            return DEFAULT_STORAGE;
        }
        var tenth = new MebiBytes((requested.value() + 9) / 10);
        return requested.plus(tenth).plus(STORAGE_RESERVE).max(DEFAULT_STORAGE);
    }

    /// What a pod gets that asks for nothing.
    public static Size smallest() {
        var first = ROWS.getFirst();
        return new Size(first.cpu, first.memory.getFirst(), DEFAULT_STORAGE);
    }

    private static String tooLarge(Resources requests, MemoryOverhead overhead) {
        var last = ROWS.getLast();
        List<String> needs = new ArrayList<>();
        if (requests.cpu().value() > 0) {
            needs.add(amount(requests.cpu()));
        }
        if (requests.memory().value() > 0) {
            var memory = requests.memory().plus(overhead.memory());
            var reserve =
                    overhead == MemoryOverhead.NONE
                            ? ""
                            : " (" + overhead.memory().value() + " MiB of it are EKS' own)";
            needs.add(amount(memory) + " of memory" + reserve);
        }
        return TOO_LARGE
                + ": the pod needs "
                + String.join(" and ", needs)
                + "; the largest size is "
                + last.cpu
                + " "
                + last.memory.getLast();
    }

    private static String amount(MilliCpu cpu) {
        return cpu.value() / 1000 >= ABSURD ? "more than " + ABSURD + "vCPU" : cpu.toString();
    }

    private static String amount(MebiBytes bytes) {
        return bytes.value() / 1024 >= ABSURD ? "more than " + ABSURD + "GB" : bytes.toString();
    }

    private static List<Row> rows() {
        return List.of(
                new Row(
                        new MilliCpu(250),
                        List.of(new MebiBytes(512), MebiBytes.gibi(1), MebiBytes.gibi(2))),
                row(500, 1, 4, 1),
                row(1000, 2, 8, 1),
                row(2000, 4, 16, 1),
                row(4000, 8, 30, 1),
                row(8000, 16, 60, 4),
                row(16000, 32, 120, 8));
    }

    private static Row row(long milliCpu, long first, long last, long step) {
        List<MebiBytes> memory = new ArrayList<>();
        for (var gibi = first; gibi <= last; gibi += step) {
            memory.add(MebiBytes.gibi(gibi));
        }
        return new Row(new MilliCpu(milliCpu), List.copyOf(memory));
    }

    private record Row(MilliCpu cpu, List<MebiBytes> memory) {}
}
