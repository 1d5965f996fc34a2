package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.guest.GuestProtocol;
import dev.monopod.kube.client.EventType;
import dev.monopod.protocol.guest.ConfigureResponse;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The first word with the guest of a machine that an earlier agent started, maybe one of another
/// version. A guest that does not answer has lost its machine. One that means something else by
/// what it is told is told nothing: its machine runs on, until its pod goes or an agent comes that
/// knows its words.
record AdoptedGuest(PodView view, PodScope scope, PodReports reports) {
    static final String FOREIGN = "GuestOfAnotherVersion";

    private static final Logger LOG = LoggerFactory.getLogger(AdoptedGuest.class);
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final int LOOKS_PER_REMINDER = 150;

    /// Returns what it answers, or nothing when its machine is lost. Does not return while it is
    /// one that can't be spoken to, and its pod is to stay.
    ///
    /// @throws InterruptedException when the agent lets go of the pod
    Optional<ConfigureResponse> answer(Supplier<ConfigureResponse> question)
            throws InterruptedException {
        Optional<String> foreign;
        try {
            var guest = question.get();
            foreign = GuestProtocol.trouble(guest);
            if (foreign.isEmpty()) {
                return Optional.of(guest);
            }
        } catch (StatusRuntimeException e) {
            foreign = GuestProtocol.trouble(e);
            if (foreign.isEmpty()) {
                lost("the guest does not answer: " + e.getMessage());
                return Optional.empty();
            }
        }
        awaitDeletion("The pod's machine is left alone: " + foreign.get());
        lost("its guest is of another version, so its containers were ended with it");
        return Optional.empty();
    }

    /// Returns when the pod is to go and its grace is over, which no container of it heard of.
    private void awaitDeletion(String why) throws InterruptedException {
        for (var look = 0; ; look++) {
            if (look % LOOKS_PER_REMINDER == 0) {
                warn(FOREIGN, why);
            }
            var pod = view.pod().getMetadata();
            var leaving = pod.getDeletionTimestamp() != null;
            var grace = Objects.requireNonNullElse(pod.getDeletionGracePeriodSeconds(), 0L);
            if (scope.pause(leaving ? Duration.ofSeconds(grace) : LOOK)) {
                throw new InterruptedException();
            }
            if (leaving) {
                return;
            }
        }
    }

    private void lost(String why) {
        if (!scope.closed()) {
            warn("FailedCreatePodSandBox", why);
            reports.post(new PodInput.MachineLost(why));
        }
    }

    private void warn(String reason, String message) {
        LOG.warn("{}: {}", view.plan().display(), message);
        reports.event(EventType.WARNING, reason, message);
    }
}
