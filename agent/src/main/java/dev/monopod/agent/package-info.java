/// The agent's main: lists what is wired.
@NullMarked
package dev.monopod.agent;

import org.jspecify.annotations.NullMarked;
