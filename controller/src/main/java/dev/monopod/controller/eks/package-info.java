/// AWS' APIs over HTTP: the listener, the webhook of tokens, and what both are wired from. What
/// they answer is said in `dev.monopod.eks`.
@NullMarked
package dev.monopod.controller.eks;

import org.jspecify.annotations.NullMarked;
