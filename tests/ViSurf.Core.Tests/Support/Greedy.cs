using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>Greedy decoding of one prompt, twice: through the cache, and by re-running the whole sequence for every token.</summary>
internal static class Greedy
{
    public static long[] WithCache(IPolicy policy, PromptBatch prompts, int count)
    {
        using var scope = NewDisposeScope();
        using var session = policy.Decode(prompts, 1, count);
        var ids = new List<long>();
        while (ids.Count < count)
        {
            using var last = ids.Count == 0 ? null : tensor(new[] { ids[^1] });
            ids.Add(session.Next(last).argmax(-1).item<long>());
        }
        return [.. ids];
    }

    /// <summary>Lengthens the prompt by one token and asks for the first logits again: no step uses a cache of earlier ones.</summary>
    public static long[] WithoutCache(IPolicy policy, EncodedPrompt prompt, int count)
    {
        var ids = new List<long>();
        while (ids.Count < count)
        {
            using var scope = NewDisposeScope();
            using var longer = new EncodedPrompt(prompt.Example, [.. prompt.TokenIds, .. ids.Select(i => (int)i)], prompt.Grids, prompt.Pixels?.clone());
            using var batch = Collator.Prompts([longer]);
            using var session = policy.Decode(batch, 1, 1);
            ids.Add(session.Next(null).argmax(-1).item<long>());
        }
        return [.. ids];
    }
}
