package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Waits until the pod is bound to its Node, and claims it then. A watch tells of the binding; in
/// case it does not, the API server is asked now and then, for as long as the pod lives. Blocks its
/// thread.
record PodBinding(PodView view, PodScope scope, PodReports reports, PodApi api) {
    private static final Logger LOG = LoggerFactory.getLogger(PodBinding.class);
    private static final Duration POLL = Duration.ofSeconds(5);

    void await() throws InterruptedException {
        var news = new Semaphore(0);
        view.onSeen(news::release);
        scope.whenClosing(news::release);
        while (!scope.closed()) {
            // What is seen during the look brings another one.
            news.drainPermits();
            if (settled()) {
                return;
            }
            var told = news.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS);
            if (!told && !isThere()) {
                reports.post(new PodInput.Deletion(Duration.ZERO));
                return;
            }
        }
    }

    /// Whether what was seen of the pod leaves nothing to wait for; then that is told.
    private boolean settled() {
        var pod = view.pod();
        if (unbound(pod)) {
            return false;
        }
        if (!view.isBoundHere(pod)) {
            // Nothing of it is this machine's any more.
            reports.post(new PodInput.ObjectGone());
            return true;
        }
        reports.post(new PodInput.Bound());
        // The Binding gave it its labels already, but for an API server that ignores them there.
        scope.insist("labelling the pod", () -> api.claimPod(view.pod(), view.machineName()));
        return true;
    }

    /// Asks for the pod, and takes in what the API server says.
    private boolean isThere() {
        try {
            var now = api.pod(view.plan().namespace(), view.plan().name(), view.plan().uid());
            now.ifPresent(view::seen);
            return now.isPresent();
        } catch (RuntimeException e) {
            LOG.info("{}: failed to ask for its binding: {}", view.plan().display(), e.toString());
            return true;
        }
    }

    private static boolean unbound(Pod pod) {
        return pod.getSpec().getNodeName() == null || pod.getSpec().getNodeName().isEmpty();
    }
}
