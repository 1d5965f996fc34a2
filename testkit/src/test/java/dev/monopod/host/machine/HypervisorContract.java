package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.Size;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.machine.Hypervisor.WaitingMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every hypervisor promises. Runs against the fake and against real QEMU.
abstract class HypervisorContract {
    @TempDir Path images = Path.of("/nonexistent");

    /// A hypervisor that knows only what an earlier one left behind: each call is a new life of the
    /// agent.
    abstract Hypervisor reborn();

    /// One beside which a machine of the size of [#machine] waits, soon.
    abstract Hypervisor withWaiting() throws Exception;

    /// Ends the machine as a crash would.
    abstract void crash(VirtualMachine machine);

    static MachineConfiguration machine(String id) {
        return new MachineConfiguration(
                id,
                SIZE.milliCpu(),
                SIZE.memoryMebiBytes(),
                SIZE.scratchBytes(),
                List.of(),
                Optional.empty());
    }

    static final Size SIZE = new Size(250, 256, 1L << 30);

    @Test
    void waitingMachineBecomesThePodsAndIsHandedOutOnce() throws Exception {
        var hypervisor = withWaiting();
        var waiting = reserved(hypervisor);
        assertThat(reborn().recover()).as("of a machine that waits no agent is told").isEmpty();
        assertThatThrownBy(() -> waiting.become(machine("m-late")))
                .as("a later agent has ended it")
                .isInstanceOf(MachineException.class);

        var next = reserved(hypervisor);
        var machine = next.become(withImage("m-waited"));
        try {
            assertThat(machine.id()).isEqualTo("m-waited");
            assertThat(machine.pid()).isEqualTo(next.pid());
            assertThat(machine.alive()).isTrue();
            assertThat(Files.exists(machine.channel())).isTrue();
            assertThat(machine.insertDisk(image(1))).isEqualTo(1);
            next.close();
            assertThat(machine.alive()).as("what was taken is not given back").isTrue();
            assertThatThrownBy(() -> next.become(machine("m-again")))
                    .isInstanceOf(MachineException.class);
            assertThatThrownBy(() -> hypervisor.start(machine("m-waited")))
                    .hasMessageContaining("m-waited");
            var found = reborn().recover();
            assertThat(found).extracting(VirtualMachine::id).containsExactly("m-waited");
            assertThat(found.getFirst().pid()).isEqualTo(machine.pid());
            assertThat(found.getFirst().insertDisk(image(1))).isEqualTo(1);
        } finally {
            machine.destroy(Duration.ZERO);
        }
        assertThat(Files.exists(machine.channel())).isFalse();
        assertThat(reborn().recover()).isEmpty();
    }

    private MachineConfiguration withImage(String id) throws IOException {
        return new MachineConfiguration(
                id,
                SIZE.milliCpu(),
                SIZE.memoryMebiBytes(),
                SIZE.scratchBytes(),
                List.of(image(1)),
                Optional.empty());
    }

    static WaitingMachine reserved(Hypervisor hypervisor) {
        return Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .until(() -> hypervisor.reserve(SIZE), Optional::isPresent)
                .orElseThrow();
    }

    @Test
    void startedMachineIsAliveAndItsChannelIsThere() {
        var machine = reborn().start(machine("m-started"));
        try {
            assertThat(machine.id()).isEqualTo("m-started");
            assertThat(machine.alive()).isTrue();
            assertThat(Files.exists(machine.channel())).isTrue();
        } finally {
            machine.destroy(Duration.ZERO);
        }
        assertThat(machine.alive()).isFalse();
        assertThat(Files.exists(machine.channel())).isFalse();
        machine.destroy(Duration.ZERO);
    }

    @Test
    void machineOutlivesItsAgent() {
        var first = reborn().start(machine("m-outlives"));
        var found = reborn().recover();
        assertThat(found).extracting(VirtualMachine::id).containsExactly("m-outlives");
        assertThat(found.getFirst().pid()).isEqualTo(first.pid());
        found.getFirst().destroy(Duration.ZERO);
        assertThat(reborn().recover()).isEmpty();
        assertThat(first.alive()).isFalse();
    }

    @Test
    void crashEndsTheWaitAndIsNotRecovered() throws InterruptedException {
        var machine = reborn().start(machine("m-crashes"));
        crash(machine);
        assertThat(machine.awaitExit()).isNotBlank();
        assertThat(reborn().recover()).isEmpty();
        machine.destroy(Duration.ZERO);
    }

    @Test
    void takesMoreImagesUntilItsSlotsAreFull() throws IOException {
        var machine = reborn().start(machine("m-disks"));
        try {
            assertThat(machine.insertDisk(image(1))).isEqualTo(1);
            assertThat(machine.insertDisk(image(2))).isEqualTo(2);
            var again = reborn().recover().getFirst();
            assertThat(again.insertDisk(image(1))).isEqualTo(1);
            assertThat(again.insertDisk(image(3))).isEqualTo(3);
            assertThatThrownBy(() -> again.insertDisk(image(4)))
                    .isInstanceOf(MachineException.class)
                    .hasMessageContaining("at most 3 different images");
        } finally {
            machine.destroy(Duration.ZERO);
        }
    }

    private Path image(int number) throws IOException {
        var file = images.resolve("image-" + number);
        if (!Files.exists(file)) {
            Files.createFile(file);
            Files.setPosixFilePermissions(images, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return file;
    }

    @Test
    void refusesASecondMachineOfOneName() {
        var hypervisor = reborn();
        var machine = hypervisor.start(machine("m-twice"));
        try {
            assertThatThrownBy(() -> hypervisor.start(machine("m-twice")))
                    .isInstanceOf(MachineException.class)
                    .hasMessageContaining("m-twice");
            assertThat(machine.alive()).isTrue();
        } finally {
            machine.destroy(Duration.ZERO);
        }
    }
}
