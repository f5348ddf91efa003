namespace ViSurf.Core.Policies;

/// <summary>
/// What a policy keeps in memory beside its parameters and their gradients, computed from its sizes before anything runs. Written by whoever
/// adds a model; <c>MemoryPlan</c> asks it.
/// </summary>
public interface IMemoryModel
{
    /// <summary>A pass of <see cref="IPolicy.Score"/> with gradient, and the backward pass after it.</summary>
    ScoreMemory Score(PassSize size);

    /// <summary>A session of <see cref="IPolicy.Decode"/> with as many rows as <paramref name="size"/> has.</summary>
    DecodeMemory Decode(PassSize size);
}

/// <summary>How much one pass has to do, padding included.</summary>
/// <param name="Prompts">Q, distinct prompts.</param>
/// <param name="PromptTokens">P, tokens of the longest prompt, image placeholders expanded.</param>
/// <param name="Patches">K, patches of all pictures together.</param>
/// <param name="Rows">N, completions.</param>
/// <param name="NewTokens">T, tokens of the longest completion.</param>
public sealed record PassSize(int Prompts, int PromptTokens, long Patches, int Rows, int NewTokens);

/// <summary>Bytes of a pass with gradient. The first four live from the forward pass to the backward pass through them.</summary>
/// <param name="Vision">What autograd keeps of the vision tower; 0 when nothing in it trains.</param>
/// <param name="Prompts">What it keeps of the prompts, each computed once.</param>
/// <param name="Completions">What it keeps of the completions.</param>
/// <param name="Logits">What it keeps between hidden states and log-probabilities.</param>
/// <param name="LogitsWork">Temporary while the head's backward pass runs.</param>
/// <param name="CompletionWork">Temporary while the backward pass runs through a layer of the completions.</param>
/// <param name="PromptWork">The same for the prompts.</param>
public sealed record ScoreMemory(long Vision, long Prompts, long Completions, long Logits, long LogitsWork, long CompletionWork, long PromptWork);

/// <summary>Bytes of a decode session.</summary>
/// <param name="Cache">Keys and values of all rows at full length.</param>
/// <param name="PromptCache">Keys and values of the prompts, while the cache is filled from them.</param>
/// <param name="PromptWork">Temporary while pictures and prompts are read, before there is a cache.</param>
/// <param name="StepWork">Temporary of one token's step, logits and sampling included.</param>
public sealed record DecodeMemory(long Cache, long PromptCache, long PromptWork, long StepWork);
