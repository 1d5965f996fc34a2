/// Who calls: access keys, sessions, and STS, which tells of both.
@NullMarked
package dev.monopod.eks.identity;

import org.jspecify.annotations.NullMarked;
