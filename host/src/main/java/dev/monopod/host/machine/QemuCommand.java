package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Writes QEMU's command line. Pure. Every device has its bus by number: the kernel finds buses
/// from the last to the first, and the guest counts disks in that order, slot 0 the scratch disk,
/// slot n the n-th image. The channel comes first of all, and bus 0 stays empty: a channel there
/// never answered.
final class QemuCommand {
    /// With the second I/O APIC, microvm has 24 virtio-mmio buses; one stays empty, and channel,
    /// network and scratch take three.
    static final int MOST_IMAGE_DISKS = 20;

    /// Beside what was provisioned: the guest's kernel, its own process, and what it keeps from
    /// containers (ADR 0018).
    private static final long GUEST_OVERHEAD_MEBIBYTES = 104;

    /// One part in so many of a machine's memory is what its kernel keeps to describe the memory.
    private static final long DESCRIPTION_PART = 50;

    /// Disks without content, for images that come to a machine that runs: microvm can't be given
    /// devices then, but a disk another file.
    static final int SPARE_DISKS = 3;

    private static final int CHANNEL_BUS = 23;
    private static final int NETWORK_BUS = 22;
    private static final int SCRATCH_BUS = 21;

    private final Path kernel;
    private final Path initramfs;
    private final Accelerator accelerator;
    private final OptionalLong clockKiloHertz;

    /// @param clockKiloHertz rate of the host's time stamp counter
    QemuCommand(Path kernel, Path initramfs, Accelerator accelerator, OptionalLong clockKiloHertz) {
        this.kernel = kernel;
        this.initramfs = initramfs;
        this.accelerator = accelerator;
        this.clockKiloHertz = clockKiloHertz;
    }

    /// On a busy host, emulation can't keep the timer's time well enough for the kernel to
    /// calibrate by it, and the boot hangs; so the kernel is told.
    private String kernelArguments() {
        var always = "console=ttyS0 quiet panic=-1 reboot=t";
        return switch (accelerator) {
            case KVM -> always;
            case TCG ->
                    always
                            + " no_timer_check lpj=4000000"
                            + (clockKiloHertz.isPresent()
                                    ? " tsc=reliable tsc_early_khz=" + clockKiloHertz.getAsLong()
                                    : "");
        };
    }

    /// What the machine has, so that its containers can use all that was provisioned.
    static long memoryMebiBytes(long provisioned) {
        return provisioned + GUEST_OVERHEAD_MEBIBYTES + provisioned / DESCRIPTION_PART;
    }

    /// @throws MachineException when the machine needs more disks than there are slots
    static void check(MachineConfiguration machine) {
        if (machine.imageDisks().size() > MOST_IMAGE_DISKS) {
            throw new MachineException(
                    "a machine holds at most %d different images, and this one needs %d"
                            .formatted(MOST_IMAGE_DISKS, machine.imageDisks().size()));
        }
    }

    /// @param machine one that passes [#check]
    /// @param scratch as QEMU sees it, as are
    /// @param images its image disks
    List<String> of(
            MachineConfiguration machine, QemuOrigin origin, Path scratch, List<Path> images) {
        var line = new ArrayList<String>();
        line.addAll(List.of("qemu-system-x86_64", "-name", machine.id()));
        line.addAll(memory(origin, memoryMebiBytes(machine.memoryMebiBytes())));
        line.addAll(
                switch (accelerator) {
                    case KVM -> List.of("-accel", "kvm", "-cpu", "host");
                    case TCG -> List.of("-accel", "tcg,thread=multi,tb-size=64", "-cpu", "max");
                });
        line.addAll(List.of("-smp", Long.toString(processors(machine.milliCpu()))));
        line.addAll(List.of("-nodefaults", "-no-user-config", "-nographic", "-no-reboot"));
        line.addAll(begin(origin));
        line.addAll(List.of("-chardev", "ringbuf,id=console,size=16384"));
        line.addAll(List.of("-serial", "chardev:console"));
        line.addAll(List.of("-chardev", socket("qmp", QemuJail.MONITOR)));
        line.addAll(List.of("-mon", "chardev=qmp,mode=control"));
        line.addAll(List.of("-chardev", socket("guest", QemuJail.CHANNEL)));
        line.addAll(device("virtio-serial-device,max_ports=2", CHANNEL_BUS));
        line.addAll(List.of("-device", "virtserialport,chardev=guest,name=dev.monopod.guest"));
        machine.network()
                .ifPresent(tap -> {
                    line.addAll(List.of("-netdev", "tap,id=network,vhost=off,fd=" + QemuJail.TAP));
                    line.addAll(
                            device(
                                    "virtio-net-device,netdev=network,mac=" + tap.mac(),
                                    NETWORK_BUS));
                });
        line.addAll(disk("scratch", scratch, "cache=unsafe,discard=unmap", SCRATCH_BUS));
        for (var i = 0; i < images.size(); i++) {
            line.addAll(disk("image" + i, images.get(i), "readonly=on", SCRATCH_BUS - 1 - i));
        }
        var disks =
                origin.hasAllDisks()
                        ? MOST_IMAGE_DISKS
                        : Math.min(images.size() + SPARE_DISKS, MOST_IMAGE_DISKS);
        for (var slot = images.size() + 1; slot <= disks; slot++) {
            line.addAll(List.of("-blockdev", SpareDisks.empty(slot)));
            line.addAll(
                    device("virtio-blk-device,drive=" + SpareDisks.node(slot), SCRATCH_BUS - slot));
        }
        line.addAll(
                List.of(
                        "-sandbox",
                        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
        return line;
    }

    /// QEMU 7.2 opens a memory's file to be written even where its mapping is private, so it is the
    /// file's seals that keep a machine from changing what others begin with.
    private static List<String> memory(QemuOrigin origin, long mebiBytes) {
        var type = "microvm,x-option-roms=off,isa-serial=on,ioapic2=on,acpi=on";
        var size = mebiBytes + "M";
        var file =
                "memory-backend-file,id=memory,size=%s,mem-path=/proc/self/fd/%d,share="
                        .formatted(size, QemuJail.FIRST_FILE);
        return switch (origin.memoryKind()) {
            case OWN -> List.of("-M", type, "-m", size);
            case FILE -> List.of("-M", inFile(type), "-m", size, "-object", file + "on");
            case FILE_AT_FIRST -> List.of("-M", inFile(type), "-m", size, "-object", file + "off");
        };
    }

    private static String inFile(String type) {
        return type + ",memory-backend=memory";
    }

    /// What is in the machine's memory at first. A copy needs no kernel: it comes with the memory.
    private List<String> begin(QemuOrigin origin) {
        return switch (origin) {
            case QemuOrigin.Boot(), QemuOrigin.Original(_, _) -> kernel();
            case QemuOrigin.Copy(_), QemuOrigin.Waiting(_, _) ->
                    List.of("-S", "-incoming", "defer");
        };
    }

    private List<String> kernel() {
        return List.of(
                "-kernel",
                kernel.toString(),
                "-initrd",
                initramfs.toString(),
                "-append",
                kernelArguments());
    }

    /// Whole processors of a size; a quarter of one is one that is slowed down.
    static long processors(long milliCpu) {
        return Math.max(1, (milliCpu + 999) / 1000);
    }

    /// A socket that listens already.
    private static String socket(String id, int descriptor) {
        return "socket,id=" + id + ",server=on,wait=off,fd=" + descriptor;
    }

    private static List<String> device(String device, int bus) {
        return List.of("-device", device + ",bus=virtio-mmio-bus." + bus);
    }

    private static List<String> disk(String id, Path file, String options, int bus) {
        var drive =
                "if=none,format=raw,file.locking=off,%s,id=%s,file=%s"
                        .formatted(options, id, escape(file));
        return List.of(
                "-drive",
                drive,
                "-device",
                "virtio-blk-device,drive=%s,bus=virtio-mmio-bus.%d".formatted(id, bus));
    }

    /// QEMU separates options by commas; a doubled one stands for itself.
    private static String escape(Path path) {
        return path.toString().replace(",", ",,");
    }
}
