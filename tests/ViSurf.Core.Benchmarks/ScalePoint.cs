namespace ViSurf.Core.Benchmarks;

/// <summary>One measured size.</summary>
/// <param name="Size">What was varied: rollouts per prompt, prompt tokens or completion tokens.</param>
/// <param name="Tokens">Distinct tokens of the step: each prompt once, each completion.</param>
/// <param name="ReplicatedTokens">Tokens, had every completion its own prompt.</param>
/// <param name="Step">Seconds of the step, best of the measurements.</param>
/// <param name="Rollout">Seconds of its rollouts.</param>
/// <param name="Update">Seconds of its update.</param>
internal sealed record ScalePoint(int Size, long Tokens, long ReplicatedTokens, double Step, double Rollout, double Update);
