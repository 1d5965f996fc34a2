package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/// The parts of the command line that the guest relies on.
final class QemuCommandTest {
    private static final Saved WHOLE = new Saved.Whole(Path.of("/s"));
    private static final Saved APART =
            new Saved.Apart(Path.of("/m"), Path.of("/s"), new SharedMemory("t", 626));

    @Test
    void placesDisksInTheOrderInWhichTheKernelFindsThem() {
        var line = line(Accelerator.TCG, List.of(Path.of("/a,b.squashfs"), Path.of("/c.squashfs")));
        assertThat(line)
                .contains(
                        "virtio-serial-device,max_ports=2,bus=virtio-mmio-bus.23",
                        "virtio-blk-device,drive=scratch,bus=virtio-mmio-bus.21",
                        "virtio-blk-device,drive=image0,bus=virtio-mmio-bus.20",
                        "virtio-blk-device,drive=image1,bus=virtio-mmio-bus.19",
                        "virtio-blk-device,drive=spare-3,bus=virtio-mmio-bus.18")
                .anyMatch(option -> option.endsWith("readonly=on,id=image0,file=/a,,b.squashfs"));
    }

    @Test
    void tellsAnEmulatedKernelItsClockRate() {
        assertThat(line(Accelerator.TCG, List.of()))
                .anyMatch(option -> option.contains(" tsc_early_khz=2596138"));
        assertThat(line(Accelerator.KVM, List.of())).noneMatch(option -> option.contains("tsc"));
        assertThat(ProcessorClock.parse(List.of("flags\t: fpu", "cpu MHz\t\t: 2596.138")))
                .hasValue(2_596_138);
    }

    @Test
    void copyHasEveryDeviceOfItsOriginalAndNoKernel() {
        var original = line(new QemuOrigin.Original(Path.of("/s"), Optional.empty()), List.of());
        var copy = line(new QemuOrigin.Copy(WHOLE), List.of(Path.of("/i")));
        assertThat(original).contains("-kernel", "-initrd", "-append");
        assertThat(copy)
                .containsSequence("-S", "-incoming", "defer")
                .doesNotContain("-kernel", "-initrd", "-append");
        assertThat(buses(copy))
                .isEqualTo(buses(original))
                .hasSize(QemuCommand.MOST_IMAGE_DISKS + 2);
    }

    @Test
    void onlyWhatBecomesATemplateWritesTheMemoryThatCopiesShare() {
        var memory = Optional.of(Path.of("/m"));
        var original = line(new QemuOrigin.Original(Path.of("/s"), memory), List.of());
        var copy = line(new QemuOrigin.Copy(APART), List.of());
        var waiting = line(new QemuOrigin.Waiting(APART, "w"), List.of());
        assertThat(original).contains(file("on")).contains("-kernel");
        assertThat(copy).contains(file("off")).doesNotContain("-kernel");
        assertThat(waiting).contains(file("off")).doesNotContain("-kernel");
        assertThat(buses(copy)).isEqualTo(buses(original));
        for (var origin :
                List.of(
                        new QemuOrigin.Boot(),
                        new QemuOrigin.Copy(WHOLE),
                        new QemuOrigin.Waiting(WHOLE, "w"),
                        new QemuOrigin.Original(Path.of("/s"), Optional.empty()))) {
            assertThat(line(origin, List.of())).noneMatch(option -> option.contains("share="));
        }
    }

    private static String file(String share) {
        return "memory-backend-file,id=memory,size=626M,mem-path=/proc/self/fd/6,share=" + share;
    }

    private static List<String> buses(List<String> line) {
        return line.stream()
                .filter(option -> option.contains(",bus="))
                .map(option ->
                        option.replaceFirst(",.*", "") + option.substring(option.indexOf(",bus=")))
                .toList();
    }

    @Test
    void refusesMoreImagesThanThereAreBuses() {
        var images = Collections.nCopies(21, Path.of("/image"));
        assertThatThrownBy(() -> QemuCommand.check(machine(images)))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("at most 20")
                .hasMessageContaining("needs 21");
    }

    private static List<String> line(Accelerator accelerator, List<Path> images) {
        return line(accelerator, new QemuOrigin.Boot(), images);
    }

    private static List<String> line(QemuOrigin origin, List<Path> images) {
        return line(Accelerator.TCG, origin, images);
    }

    private static List<String> line(
            Accelerator accelerator, QemuOrigin origin, List<Path> images) {
        var command =
                new QemuCommand(
                        Path.of("/vmlinuz"),
                        Path.of("/initramfs"),
                        accelerator,
                        OptionalLong.of(2_596_138));
        return command.of(machine(images), origin, Path.of("/data/scratch.img"), images);
    }

    private static MachineConfiguration machine(List<Path> images) {
        return new MachineConfiguration("m-1", 250, 512, 1L << 30, images, Optional.empty());
    }
}
