/// What `up` or `join` made of this host: its folders, what was decided, the supervisor, and what
/// of it the kernel shows.
@NullMarked
package dev.monopod.cli.installation;

import org.jspecify.annotations.NullMarked;
