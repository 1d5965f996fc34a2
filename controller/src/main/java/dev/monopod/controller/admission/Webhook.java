package dev.monopod.controller.admission;

/// Answers one kind of question. Called concurrently, on virtual threads; may block.
interface Webhook {
    Verdict judge(Review review);
}
