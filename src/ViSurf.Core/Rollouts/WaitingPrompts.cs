using ViSurf.Core.Encoding;

namespace ViSurf.Core.Rollouts;

/// <summary>Prompts of a request that are not being decoded yet, in order. Owns the slices it hands out, as long as it lives.</summary>
/// <param name="prompts">All prompts of the request.</param>
/// <param name="request">For the size of a group.</param>
/// <param name="maxTokens">Budget; see <see cref="AutoregressiveSampler"/>.</param>
internal sealed class WaitingPrompts(PromptBatch prompts, RolloutRequest request, long maxTokens) : IDisposable
{
    private readonly List<PromptBatch> _slices = [];
    private int _next;

    /// <summary>The next prompts that fit beside those in decoding; null when none waits or none fits.</summary>
    /// <param name="decoding">Prompts that are being decoded.</param>
    public PromptBatch? Take(IEnumerable<int> decoding)
    {
        var (busy, first) = (decoding.Sum(Cost), _next);
        while (_next < prompts.Count && (busy == 0 || busy + Cost(_next) <= maxTokens)) busy += Cost(_next++);
        if (_next == first) return null;
        if (_next - first == prompts.Count) return prompts;
        _slices.Add(prompts.Slice(first, _next - first));
        return _slices[^1];
    }

    public void Dispose()
    {
        foreach (var slice in _slices) slice.Dispose();
    }

    private long Cost(int prompt) => prompts.Prompts[prompt].TokenIds.Count + (long)request.GroupSize * request.MaxNewTokens;
}
