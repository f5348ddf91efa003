namespace Quickstart;

/// <summary>The numbers of the post-training run. A model of 1.6 M parameters takes a larger step than the paper's 7 B (1e-6).</summary>
internal static class Recipe
{
    public const int Steps = 60;
    public const int WarmUp = 5;
    public const int PromptsPerStep = 8;
    public const int GroupSize = 8;
    public const int MaxNewTokens = 96;
    public const double LearningRate = 3e-4;
}
