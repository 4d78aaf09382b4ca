/* fast_lock under the check policy, for SPIN: clients that take the lock and give it back, for ever, and that may be
   killed at any step. The steps are those of FastLock.tla, one action a call; so this is the same grain, and the two have
   the same states. Sets of ids are bits of a number.

   -DCOUNT: how many clients there are. -DCRASHES: how many times a client may be killed, in all. */

#define EACH (CRASHES + 1)
#define NOBODY (COUNT * EACH)
#define BIT(id) (1 << (id))
#define ME (c * EACH + crashed[c])
#define DEAD(id) (crashed[(id) / EACH] > (id) % EACH)

#define LOCK 1
#define BUILD 2
#define OWNER 4

/* The step that a client makes next. */
#define IDLE 0
#define LOOK_AGAIN 1
#define ASK 2
#define MAKE_LOCK 3
#define MAKE_BUILD 4
#define MAKE_PROPOSAL 5
#define MAKE_OWNER 6
#define SIGN 7
#define MOVE 8
#define VERIFY 9
#define TIDY_PROPOSAL 10
#define TIDY_BUILD 11
#define WITHDRAW_LEAF 12
#define WITHDRAW_OWNER 13
#define HOLD 14
#define DISPOSSESSED 15
#define RECOVER 16
#define TIDY_OWNER 17
#define TIDY_LOCK 18
#define SWEEP 19
#define ASK_ABOUT 20
#define CLEAR_LEAF 21
#define CLEAR_GONE 22
#define ASIDE 23
#define CLEAR_LEAF_AGAIN 24
#define CLEAR_GONE_AGAIN 25
#define CLEAN_PROPOSAL 26
#define CLEAN_BUILD 27
#define CLEAN_LOCK 28

/* What a client removes things for. */
#define NOTHING 0
#define UNLOCK 1
#define TRY 2
#define WITHDRAW 3
#define SWEEPING 4

byte dirs;
short proposals, proposed, hasLeaf, gone, goneLeaf, leaves;
byte at[COUNT], about[COUNT] = NOBODY, why[COUNT], crashed[COUNT];
byte killed;

/* Two hold it, or a live holder does not, or something is left behind where nobody was killed and nobody has begun. */
#if COUNT == 2
#define BAD \
    ((at[0] == HOLD && at[1] == HOLD) || at[c] == DISPOSSESSED || (at[c] == HOLD && !(leaves & BIT(ME))) || \
    (dirs && !killed && at[0] == IDLE && at[1] == IDLE))
#else
#define BAD \
    ((at[0] == HOLD && at[1] == HOLD) || (at[0] == HOLD && at[2] == HOLD) || (at[1] == HOLD && at[2] == HOLD) || \
    at[c] == DISPOSSESSED || (at[c] == HOLD && !(leaves & BIT(ME))) || \
    (dirs && !killed && at[0] == IDLE && at[1] == IDLE && at[2] == IDLE))
#endif
#define CHECK assert(!(BAD))

inline turn(step, id, reason) { at[c] = step; about[c] = id; why[c] = reason }
inline after() {
    if
    :: why[c] == UNLOCK -> at[c] = SWEEP
    :: why[c] == TRY -> at[c] = LOOK_AGAIN
    :: else -> at[c] = IDLE
    fi;
    about[c] = NOBODY; why[c] = NOTHING
}
inline goes_if(held, dir) {
    if
    :: !(held) -> dirs = dirs & (7 - dir)
    :: else
    fi
}
#define OR_WITHDRAW(parent, effect, next) \
    if :: parent -> effect; at[c] = next :: else -> at[c] = WITHDRAW_LEAF fi
inline ask_or_end(reason) {
    if
    :: DEAD(about[c]) -> at[c] = CLEAR_LEAF; why[c] = reason
    :: else -> turn(IDLE, NOBODY, NOTHING)
    fi
}

#define CHOICE(id) \
    :: d_step { at[c] == IDLE && (leaves & BIT(id)) -> turn(ASK, id, NOTHING) } \
    :: d_step { at[c] == SWEEP && (proposals & BIT(id)) -> turn(ASK_ABOUT, id, NOTHING) }

active [COUNT] proctype Client() {
    byte c = _pid;
    end: do
    :: d_step { at[c] == IDLE && leaves == 0 -> at[c] = MAKE_LOCK; CHECK }
    :: d_step { at[c] == LOOK_AGAIN -> if :: leaves == 0 -> at[c] = MAKE_LOCK :: else -> at[c] = IDLE fi }
    CHOICE(0)
    CHOICE(1)
#if COUNT * EACH > 2
    CHOICE(2)
#endif
#if COUNT * EACH > 3
    CHOICE(3)
#endif
#if COUNT * EACH > 4
    CHOICE(4)
#endif
#if COUNT * EACH > 5
    CHOICE(5)
#endif
#if COUNT * EACH > 6
    CHOICE(6)
#endif
#if COUNT * EACH > 7
    CHOICE(7)
#endif
#if COUNT * EACH > 8
    CHOICE(8)
#endif
    :: d_step { at[c] == SWEEP && proposals == 0 -> at[c] = IDLE; CHECK }
    :: d_step { at[c] == ASK -> ask_or_end(TRY); CHECK }
    :: d_step { at[c] == ASK_ABOUT -> ask_or_end(SWEEPING); CHECK }
    :: d_step { at[c] == MAKE_LOCK -> dirs = dirs | LOCK; at[c] = MAKE_BUILD; CHECK }
    :: d_step { at[c] == MAKE_BUILD -> OR_WITHDRAW(dirs & LOCK, dirs = dirs | BUILD, MAKE_PROPOSAL); CHECK }
    :: d_step { at[c] == MAKE_PROPOSAL -> OR_WITHDRAW(dirs & BUILD, proposals = proposals | BIT(ME), MAKE_OWNER); CHECK }
    :: d_step { at[c] == MAKE_OWNER -> OR_WITHDRAW(proposals & BIT(ME), proposed = proposed | BIT(ME), SIGN); CHECK }
    :: d_step { at[c] == SIGN -> OR_WITHDRAW(proposed & BIT(ME), hasLeaf = hasLeaf | BIT(ME), MOVE); CHECK }
    :: d_step { at[c] == MOVE ->
        if
        :: (proposed & BIT(ME)) && leaves == 0 ->
            dirs = dirs | OWNER;
            leaves = hasLeaf & BIT(ME);
            proposed = proposed & ~BIT(ME);
            hasLeaf = hasLeaf & ~BIT(ME);
            at[c] = VERIFY
        :: else -> at[c] = WITHDRAW_LEAF
        fi; CHECK }
    :: d_step { at[c] == VERIFY -> if :: leaves & BIT(ME) -> at[c] = TIDY_PROPOSAL :: else -> at[c] = WITHDRAW_LEAF fi; CHECK }
    :: d_step { at[c] == TIDY_PROPOSAL ->
        if :: !((proposed | gone) & BIT(ME)) -> proposals = proposals & ~BIT(ME) :: else fi; at[c] = TIDY_BUILD; CHECK }
    :: d_step { at[c] == TIDY_BUILD -> goes_if(proposals != 0, BUILD); at[c] = HOLD; CHECK }
    :: d_step { at[c] == WITHDRAW_LEAF -> leaves = leaves & ~BIT(ME); at[c] = WITHDRAW_OWNER; CHECK }
    :: d_step { at[c] == WITHDRAW_OWNER -> goes_if(leaves != 0, OWNER); turn(CLEAR_LEAF, ME, WITHDRAW); CHECK }
    :: d_step { at[c] == HOLD ->
        if
        :: leaves & BIT(ME) -> leaves = leaves & ~BIT(ME); turn(TIDY_OWNER, NOBODY, UNLOCK)
        :: else -> at[c] = DISPOSSESSED
        fi; CHECK }
    :: d_step { at[c] == RECOVER ->
        if
        :: leaves & BIT(about[c]) -> leaves = leaves & ~BIT(about[c]); at[c] = TIDY_OWNER; about[c] = NOBODY
        :: else -> after()
        fi; CHECK }
    :: d_step { at[c] == TIDY_OWNER -> goes_if(leaves != 0, OWNER); at[c] = TIDY_LOCK; CHECK }
    :: d_step { at[c] == TIDY_LOCK -> goes_if(dirs != LOCK, LOCK); after(); CHECK }
    :: d_step { at[c] == CLEAR_LEAF -> goneLeaf = goneLeaf & ~BIT(about[c]); at[c] = CLEAR_GONE; CHECK }
    :: d_step { at[c] == CLEAR_LEAF_AGAIN -> goneLeaf = goneLeaf & ~BIT(about[c]); at[c] = CLEAR_GONE_AGAIN; CHECK }
    :: d_step { at[c] == CLEAR_GONE || at[c] == CLEAR_GONE_AGAIN ->
        if :: !(goneLeaf & BIT(about[c])) -> gone = gone & ~BIT(about[c]) :: else fi;
        if :: at[c] == CLEAR_GONE -> at[c] = ASIDE :: else -> at[c] = CLEAN_PROPOSAL fi; CHECK }
    :: d_step { at[c] == ASIDE ->
        if
        :: (proposed & ~goneLeaf) & BIT(about[c]) ->
            gone = gone | BIT(about[c]);
            goneLeaf = goneLeaf | (hasLeaf & BIT(about[c]));
            proposed = proposed & ~BIT(about[c]);
            hasLeaf = hasLeaf & ~BIT(about[c])
        :: else
        fi;
        at[c] = CLEAR_LEAF_AGAIN; CHECK }
    :: d_step { at[c] == CLEAN_PROPOSAL ->
        if :: !((proposed | gone) & BIT(about[c])) -> proposals = proposals & ~BIT(about[c]) :: else fi;
        at[c] = CLEAN_BUILD; CHECK }
    :: d_step { at[c] == CLEAN_BUILD -> goes_if(proposals != 0, BUILD); at[c] = CLEAN_LOCK; CHECK }
    :: d_step { at[c] == CLEAN_LOCK ->
        goes_if(dirs != LOCK, LOCK);
        if :: why[c] == WITHDRAW -> after() :: else -> at[c] = RECOVER fi; CHECK }
    :: d_step { at[c] != IDLE && killed < CRASHES ->
        killed = killed + 1; crashed[c] = crashed[c] + 1; turn(IDLE, NOBODY, NOTHING); CHECK }
    od
}
