package dev.monopod.agent.pod.scope;

import dev.monopod.model.loop.Loop;
import java.util.concurrent.ThreadFactory;
import org.slf4j.MDC;

/// Makes the virtual threads of one pod. Each line that they log has the fields `pod`
/// (namespace/name) and `machine`.
public final class PodThreads {
    private final String pod;
    private final String machine;

    /// @param pod namespace/name
    /// @param machine name of its Machine
    public PodThreads(String pod, String machine) {
        this.pod = pod;
        this.machine = machine;
    }

    /// Starts a thread for one task.
    public void start(String name, Runnable task) {
        Thread.ofVirtual().name(name).start(named(task));
    }

    /// For tasks; the threads are numbered.
    public ThreadFactory factory(String prefix) {
        var threads = Thread.ofVirtual().name(prefix, 0).factory();
        return task -> threads.newThread(named(task));
    }

    /// For a loop's passes; what the loop itself then logs of them has the fields too.
    public Loop.LastingBody named(Loop.LastingBody body) {
        return signs -> {
            name();
            body.pass(signs);
        };
    }

    private Runnable named(Runnable task) {
        return () -> {
            name();
            task.run();
        };
    }

    private void name() {
        MDC.put("pod", pod);
        MDC.put("machine", machine);
    }
}
