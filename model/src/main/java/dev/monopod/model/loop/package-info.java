/// The one kind of loop: everything that goes on for long in agent and controller. A loop is named,
/// runs its passes one after the other on a thread of its own, is nudged instead of told what
/// changed, backs off after a failure, is never ended by an exception, and its health can be seen.
/// The JDK only.
@NullMarked
package dev.monopod.model.loop;

import org.jspecify.annotations.NullMarked;
