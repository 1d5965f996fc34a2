package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.testkit.machine.FakeHypervisor;
import dev.monopod.testkit.machine.FakeHypervisor.FakeMachine;
import dev.monopod.testkit.machine.FakeHypervisor.World;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// The fake keeps the promises that QEMU keeps.
final class FakeHypervisorTest extends HypervisorContract {
    @TempDir Path folder = Path.of("/nonexistent");
    private World world = World.in(folder);

    @BeforeEach
    void startsEmpty() {
        world = World.in(folder);
    }

    @Override
    Hypervisor reborn() {
        return new FakeHypervisor(world);
    }

    @Override
    Hypervisor withWaiting() {
        return new FakeHypervisor(world, SIZE);
    }

    @Override
    void crash(VirtualMachine machine) {
        ((FakeMachine) machine).crash();
    }
}
