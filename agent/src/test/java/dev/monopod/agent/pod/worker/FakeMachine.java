package dev.monopod.agent.pod.worker;

import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// A machine that runs until the test, or its owner, ends it.
///
/// @param calls receives what is asked of it
record FakeMachine(String id, Path channel, CountDownLatch death, List<String> calls)
        implements VirtualMachine {
    @Override
    public long pid() {
        return 1;
    }

    @Override
    public boolean alive() {
        return death.getCount() > 0;
    }

    @Override
    public String awaitExit() throws InterruptedException {
        death.await();
        return "killed by the test";
    }

    @Override
    public int insertDisk(Path imageDisk) {
        calls.add("insertDisk");
        return 7;
    }

    @Override
    public void destroy(Duration patience) {
        calls.add("destroy");
        death.countDown();
    }

    @Override
    public String consoleTail() {
        return "";
    }
}
