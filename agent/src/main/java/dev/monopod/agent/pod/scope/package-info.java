/// What the rooms of one pod hold on to while it lives: its mailbox, its tasks, its settings.
@NullMarked
package dev.monopod.agent.pod.scope;

import org.jspecify.annotations.NullMarked;
