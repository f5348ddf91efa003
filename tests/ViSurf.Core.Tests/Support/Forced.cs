using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>Teacher forcing through the decode cache.</summary>
internal static class Forced
{
    /// <summary>Logits float32 [answer tokens, V] of a golden answer.</summary>
    public static Tensor Logits(IPolicy policy, GoldenCase golden)
    {
        using var scope = NewDisposeScope();
        using var session = policy.Decode(golden.Prompts, 1, golden.AnswerIds.Length);
        var rows = new List<Tensor>();
        for (var t = 0; t < golden.AnswerIds.Length; t++)
        {
            using var token = t == 0 ? null : tensor(new long[] { golden.AnswerIds[t - 1] });
            rows.Add(session.Next(token)[0]);
        }
        return stack(rows).MoveToOuterDisposeScope();
    }
}
